"""Every page is small, loads from our own host alone, and keeps its policy (security rules 98 and 102)."""

from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import Browser, Page, Request

from browser.chromium import new_page
from browser.conftest import watch
from browser.showcase import Showcase
from browser.tour import tour
from harness.clients import make_client, request_token, rotate
from harness.rows import wait_for_count
from harness.vault import with_a_typo

LIMIT = 60 * 1024
FILES = 4
STORED = "localStorage.length + sessionStorage.length + (document.cookie ? 1 : 0)"


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


def test_every_page_is_small_and_keeps_its_policy(browser: Browser, showcase: Showcase) -> None:
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
    troubles: list[str] = []
    watch(page, world.server.url, troubles)
    scales = Scales(page)
    weights: dict[str, int] = {}
    for name in tour(page, showcase):
        page.wait_for_load_state("networkidle")
        weights[name] = sum(scales.weights.values())
        if len(scales.weights) > FILES:
            troubles.append(f"{name} loads {sorted(scales.weights)}")
        if page.evaluate(STORED):
            troubles.append(f"{name} leaves something where a script can read it")
    page.context.close()
    for oauth in (*made, wordy):
        world.api.delete(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(204)
    assert not troubles, "\n".join(troubles)
    heavy = {name: weight for name, weight in weights.items() if weight > LIMIT}
    assert not heavy
    assert len(weights) > 35
    assert min(weights.values()) > 8_000, "stylesheet and script are weighed with every page"
    print(sorted(weights.items(), key=lambda pair: -pair[1])[:5])
