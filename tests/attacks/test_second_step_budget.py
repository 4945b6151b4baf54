"""Whoever has used the budget of second steps up begins no challenge by asking for the form. Security rule L7."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from attacks.test_required_passkey import new_member
from conftest import ServerFactory, checked_for_leaks
from console.browser import Visitor, text_of
from harness.passkeys import passkey_of
from harness.people import Person, sign_in
from harness.rows import count
from harness.world import World, build_world

BUDGET = 30
"""Twice the attempts of a source that this server allows in a minute."""


@pytest.fixture(scope="module")
def scaled(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A server with a quarter of every budget, and a host name: browsers make no passkeys for an address."""
    server = new_server(engine, LINKXG_LIMIT_SCALE="0.25")
    server.environment["LINKXG_PUBLIC_URL"] = f"http://localhost:{server.port}"
    yield from checked_for_leaks(build_world(server))


@pytest.fixture
def visitor(scaled: World) -> Iterator[Visitor]:
    """With the cookie of an ended session: the guard itself refuses only strangers who are over budget."""
    visitor = Visitor(scaled.server.url, scaled.vault)
    visitor.sign_in(scaled.person())
    cookie = scaled.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))
    visitor.post("/sign-out", [("csrf", visitor.csrf())])
    visitor.http.cookies.set("linkxg", cookie)
    yield visitor
    visitor.close()


def spend(visitor: Visitor, page: httpx.Response, path: str) -> httpx.Response:
    for _ in range(BUDGET):
        page = visitor.fill(page, path, switch="app")
        if page.status_code == 429:
            return page
    raise AssertionError("the budget of second steps has no end")


def begun_at(world: World, person: Person) -> tuple[int, int]:
    """When the latest passkey challenge and the latest app that waits for its first code were begun; 0 without one."""
    tables = ("passkey_challenges", "totp_factors")
    latest = "SELECT coalesce(max(created_at), 0) FROM {} WHERE user_id = '{}'"
    challenge, app = (count(world.server.database, latest.format(table, person.user_id)) for table in tables)
    return challenge, app


def test_over_budget_no_other_method_begins_a_passkey_challenge(scaled: World, visitor: Visitor) -> None:
    person = scaled.person()
    passkey_of(scaled, sign_in(scaled.api, person))
    page = visitor.sign_in(person, next="/products")
    refused = spend(visitor, page, "/sign-in/code")
    before = begun_at(scaled, person)
    assert before[0] > 0
    for fields in ({"switch": "app"}, {"switch": "recovery"}, {"code": "000000"}, {"credential": "{}"}):
        refused = visitor.post("/sign-in/code", (dict(visitor.fields(refused, "/sign-in/code")) | fields).items())
        assert refused.status_code == 429
        assert "Wait " in text_of(refused)
    assert begun_at(scaled, person) == before


def test_over_budget_no_set_up_is_begun(scaled: World, visitor: Visitor) -> None:
    person = new_member(scaled)
    page = visitor.sign_in(person)
    refused = spend(visitor, page, "/sign-in/set-up")
    before = begun_at(scaled, person)
    assert min(before) > 0
    for fields in ({"switch": "app"}, {"code": "000000"}, {"credential": "{}", "name": "Phone"}):
        refused = visitor.post("/sign-in/set-up", (dict(visitor.fields(refused, "/sign-in/set-up")) | fields).items())
        assert refused.status_code == 429
        assert "Wait " in text_of(refused)
    assert begun_at(scaled, person) == before
