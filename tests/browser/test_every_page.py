"""Every page of the console is small, keeps its policy, has no barriers and even distances.

Security rules 98 and 102. The pages are opened once, by one walk; one that the tour does not show fails the test."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Request

from browser.chromium import new_page
from browser.conftest import watch
from browser.page_checks import examine
from browser.showcase import Showcase
from browser.tour import tour
from console.test_permissions import PAGES
from harness.clients import make_client, request_token, rotate
from harness.rows import wait_for_count
from harness.vault import with_a_typo

LIMIT = 60 * 1024
FILES = 4
STORED = "localStorage.length + sessionStorage.length + (document.cookie ? 1 : 0)"
CLIENT = "/account/api-access/{client_id}"
NO_PAGES = {
    "/", "/account/audit.csv", "/account/audit.ndjson", f"{CLIENT}/env", "/imports/template",
    "/account/sessions/left",
    "/imports/{import_id}/failed-rows", "/events/{event_id}/document", "/events/captures/{capture_id}/faults",
    "/events/document", "/events/subscriptions/{subscription_id}/delivery",
    "/traceability/graph.csv", "/traceability/graph.json", "/traceability/graph.jsonld",
    "/traceability/recalls/{recall_id}/recall.csv",
    # Whoever asks again for where a form was sent is led back.
    f"{CLIENT}/enable", f"{CLIENT}/test", f"{CLIENT}/secrets/{{secret_id}}/extend",
    f"{CLIENT}/binding", f"{CLIENT}/certificates", f"{CLIENT}/keys", f"{CLIENT}/trusts",
    f"{CLIENT}/keys/{{key_id}}/remove", f"{CLIENT}/trusts/{{trust_id}}/remove",
}  # fmt: skip
"""What answers with a file, or leads elsewhere."""


class Scales:
    """Bytes over the wire of the last page that was asked for, headers included; nothing comes from a cache."""

    def __init__(self, page: Page) -> None:
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        page.on("request", self._begin)
        page.on("requestfinished", self._add)
        self._asked: set[Request] = set()
        self.weights: dict[str, int] = {}

    def _begin(self, request: Request) -> None:
        if request.is_navigation_request():
            self._asked.clear()
            self.weights.clear()
        # What the script asks for later is no part of the first view.
        if request.resource_type not in {"fetch", "xhr"}:
            self._asked.add(request)

    def _add(self, request: Request) -> None:
        if request in self._asked:
            sizes = request.sizes()
            # By address: the page before may still have been asking for its icon, which every page has.
            self.weights[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]


@dataclass
class Walk:
    """What was found on the pages, by kind; the bytes of each; the addresses."""

    found: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    weights: dict[str, int] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)


def _shown_if_lost(page: Page, names: Iterator[str]) -> Iterator[str]:
    """The tour; where it gets stuck, the error has what the page showed."""
    try:
        yield from names
    except Error as fault:
        fault.add_note(f"{page.url}\n{page.locator('body').inner_text()[:2000]}")
        raise


@pytest.fixture(scope="module")
def walk(browser: Browser, showcase: Showcase) -> Iterator[Walk]:
    world = showcase.world
    made = [make_client(world.api, world.owner, client_name=f"Weight {number}") for number in range(25)]
    wordy = make_client(world.api, world.owner, client_name="W" * 200)
    for _ in range(50):
        rotate(world.api, wordy, world.owner.access, grace_period_seconds=604_800).expect(200)
    for oauth in made[:3]:
        mistyped = replace(oauth, client_secret=world.vault.remember("client secret", with_a_typo(oauth.client_secret)))
        for _ in range(40):
            request_token(world.api, mistyped).expect(401, "invalid_client")
    wait_for_count(world.server.database, "SELECT count(*) FROM refused_requests", 124)
    page = new_page(browser, world.server.url)
    seen = Walk()
    watch(page, world.server.url, seen.found["policy"])
    scales = Scales(page)
    for name in _shown_if_lost(page, tour(page, showcase)):
        page.wait_for_load_state("networkidle")
        seen.paths.add(urlsplit(page.url).path)
        seen.weights[name] = sum(scales.weights.values())
        if len(scales.weights) > FILES:
            seen.found["policy"].append(f"{name} loads {sorted(scales.weights)}")
        if page.evaluate(STORED):
            seen.found["policy"].append(f"{name} leaves something where a script can read it")
        for kind, finding in examine(page, name):
            seen.found[kind].append(finding)
    page.context.close()
    yield seen
    for oauth in (*made, wordy):
        world.api.delete(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(204)


def test_every_page_keeps_its_policy_and_loads_from_here_alone(walk: Walk) -> None:
    assert not walk.found["policy"], "\n".join(walk.found["policy"])


def test_every_page_is_small(walk: Walk) -> None:
    assert not {name: weight for name, weight in walk.weights.items() if weight > LIMIT}
    assert len(walk.weights) > 35
    of_console = {name: weight for name, weight in walk.weights.items() if name != "passport-preview"}
    assert min(of_console.values()) > 8_000, "stylesheet and script are weighed with every page"
    print(sorted(walk.weights.items(), key=lambda pair: -pair[1])[:5])


def test_the_tour_shows_every_page(walk: Walk) -> None:
    templates = {path for method, path, _ in PAGES if method == "GET"}
    shapes = {template: re.compile(re.sub(r"{\w+(:\w+)?}", "[^/]+", template)) for template in templates}
    # The longest template without a gap comes first: /products/new is no product.
    fitting = [[template for template, shape in shapes.items() if shape.fullmatch(path)] for path in walk.paths]
    met = {min(ones, key=lambda one: one.count("{")) for ones in fitting if ones}
    assert templates - met == NO_PAGES, "Show every page in tests/browser/tour.py."


@pytest.mark.parametrize("kind", ["barriers", "overflows", "near buttons", "gaps"])
def test_no_page_has_a_layout_or_accessibility_finding(walk: Walk, kind: str) -> None:
    assert not walk.found[kind], "\n".join(walk.found[kind])
