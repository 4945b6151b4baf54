"""The whole way with a real OpenID provider: node-oidc-provider, over HTTP and in Chromium."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from browser.chromium import ABSENT, chromium, executable
from conftest import ServerFactory, checked_for_leaks
from harness.node_provider import Absent, NodeProvider, install
from harness.openid_provider import CLIENT_ID
from harness.single_sign_on import SsoVisitor, address_of, trusting, verify_domain
from harness.tls import self_signed
from harness.world import World, build_world

DOMAIN = "node.test"
MAX_STEPS = 12
LOGOUT_S = 10.0


class _Form(HTMLParser):
    """The first form of a page, and its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form" and self.action is None:
            self.action = given.get("action", "")
        elif tag in ("input", "button") and given.get("name"):
            self.fields.setdefault(given["name"], given.get("value", ""))


@pytest.fixture(scope="session")
def node(
    engine: str, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, NodeProvider, Path]]:
    """A server, its account's provider, and the certificate of the provider."""
    try:
        install()
    except Absent as reason:
        pytest.skip(str(reason))
    directory = tmp_path_factory.mktemp("node")
    certificate, key = self_signed(directory)
    worlds = checked_for_leaks(build_world(new_server(engine, **trusting(certificate))))
    world = next(worlds)
    at = f"{world.server.url}/sign-in/sso/{world.account.account_id}"
    provider = NodeProvider(directory, certificate, key, f"{at}/callback", f"{at}/backchannel-logout")
    try:
        provider.start()
        body = {"issuer": provider.issuer, "clientId": CLIENT_ID, "clientSecret": provider.client_secret,
                "defaultRole": "VIEWER", "roleClaim": "groups", "roleMapping": {"admins": "ADMIN"}}  # fmt: skip
        world.api.request("PUT", "/account/identity-provider", bearer=world.owner.access, json=body).expect(200)
        verify_domain(world.server, world.account.account_id, DOMAIN)
        yield world, provider, certificate
    finally:
        provider.stop()
        next(worlds, None)


@pytest.fixture
def visitor(node: tuple[World, NodeProvider, Path]) -> Iterator[SsoVisitor]:
    made = SsoVisitor(node[0].server.url, node[0].vault, node[2])
    yield made
    made.close()


def sign_in_at_provider(http: httpx.Client, url: str, email: str, own: str) -> str:
    """Sign in and consent there, as its pages ask; the address at `own` that the browser is sent back to."""
    answer = http.get(url)
    for _ in range(MAX_STEPS):
        if answer.is_redirect:
            target = urljoin(str(answer.request.url), answer.headers["Location"])
            if target.startswith(own):
                parts = urlsplit(target)
                return f"{parts.path}?{parts.query}"
            answer = http.get(target)
            continue
        form = _Form()
        form.feed(answer.text)
        assert form.action is not None, answer.text
        fields = form.fields | ({"login": email, "password": "any"} if "login" in form.fields else {})
        answer = http.post(urljoin(str(answer.request.url), form.action or ""), data=fields)
    raise AssertionError(f"no way back after {MAX_STEPS} pages: {answer.text}")


def sign_on(visitor: SsoVisitor, email: str, target: str = "/") -> httpx.Response:
    return visitor.come_back(sign_in_at_provider(visitor.outside, visitor.begin(email, target), email, visitor.url))


def test_a_person_signs_in_by_a_real_provider_with_the_role_of_a_claim(
    node: tuple[World, NodeProvider, Path], visitor: SsoVisitor
) -> None:
    email = f"admin.{address_of(DOMAIN)}"
    answer = sign_on(visitor, email, "/account/members")
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/account/members"), answer.text
    assert visitor.get("/account/members").status_code == 200
    people = node[0].api.get("/account/users", bearer=node[0].owner.access).expect(200).data()
    assert [one["role"] for one in people if one["email"] == email] == ["ADMIN"]


def test_the_same_person_signs_in_again_and_is_the_same(
    node: tuple[World, NodeProvider, Path], visitor: SsoVisitor
) -> None:
    email = address_of(DOMAIN)
    for _ in range(2):
        assert sign_on(visitor, email).status_code == 303
    people = node[0].api.get("/account/users", bearer=node[0].owner.access).expect(200).data()
    assert [one["role"] for one in people if one["email"] == email] == ["VIEWER"]


def test_signing_out_at_the_provider_signs_out_here(
    node: tuple[World, NodeProvider, Path], visitor: SsoVisitor
) -> None:
    assert sign_on(visitor, address_of(DOMAIN)).status_code == 303
    assert visitor.is_signed_in()
    page = visitor.outside.get(f"{node[1].issuer}/session/end")
    form = _Form()
    form.feed(page.text)
    assert form.action is not None
    visitor.outside.post(urljoin(str(page.request.url), form.action), data=form.fields | {"logout": "yes"})
    _await(lambda: not visitor.is_signed_in())


def _await(done: Callable[[], bool]) -> None:
    """The provider sends its logout token in the background."""
    until = time.monotonic() + LOGOUT_S
    while not done():
        assert time.monotonic() < until, "the session has not ended"


def test_a_browser_signs_in_by_a_real_provider(node: tuple[World, NodeProvider, Path]) -> None:
    """In Chromium, whose policy for forms covers redirects too."""
    if executable() is None:
        pytest.skip(ABSENT)
    world, email = node[0], address_of(DOMAIN)
    with chromium() as browser:
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        troubles: list[str] = []
        page.on("console", lambda one: troubles.append(one.text) if "Content Security Policy" in one.text else None)
        page.goto(f"{world.server.url}/sign-in")
        page.get_by_role("button", name="Sign in with your company").click()
        page.get_by_label("E-mail at work").fill(email)
        page.get_by_role("button", name="Continue").click()
        page.locator("input[name=login]").fill(email)
        page.locator("input[name=password]").fill("any")
        page.get_by_role("button", name="Sign-in").click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(f"{world.server.url}/account/welcome")
        assert page.get_by_text(email).count() >= 1
        context.close()
    ours = [one for one in troubles if node[1].issuer not in one]
    assert ours == []


def test_the_certificate_of_the_provider_is_needed(node: tuple[World, NodeProvider, Path]) -> None:
    """Else these tests would prove nothing about TLS."""
    with pytest.raises(httpx.ConnectError):
        httpx.get(node[1].issuer, verify=ssl.create_default_context(), trust_env=False)
