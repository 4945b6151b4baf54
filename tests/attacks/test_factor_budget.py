"""Every change of a factor spends the person's budget of such changes before it does anything. Security rule 135."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from architecture.program import Route, routes
from attacks.test_limits import limited_answer
from conftest import ServerFactory, checked_for_leaks
from console.browser import Visitor, text_of
from harness.factors import add_totp, person_with_totp
from harness.passkeys import add_passkey, new_authenticator, renewed
from harness.people import Person, Session, sign_in
from harness.rows import count
from harness.world import World, build_world

API = "/api/v1"
FACTOR = "/auth/factors/{factor_id}"
PASSKEY = "/account/passkeys/{passkey_id}"
MEMBER = "/account/members/{user_id}"
WITHOUT_CHANGE = {"POST /account/security/codes": "a download of what was posted"}


class Spent(NamedTuple):
    """An Owner with an app and a passkey, who has spent the budget; `victim` is a person with an app."""

    world: World
    session: Session
    visitor: Visitor
    passkey_id: str
    victim: Person

    def path(self, route: str) -> str:
        ids = {"factor_id": self.passkey_id, "passkey_id": self.passkey_id, "user_id": self.victim.user_id}
        return route.format(**ids)

    def spend(self) -> None:
        """What is left: a window of the budget may have ended meanwhile."""
        for _ in range(20):
            if self.world.api.post("/auth/factors/totp", bearer=self.session.access, reveals=True).status == 429:
                return
        raise AssertionError("the budget of changes has no end")

    def factors(self) -> Any:
        return self.world.api.get("/auth/factors", bearer=self.session.access).expect(200).data()


@pytest.fixture(scope="module")
def scaled(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A server with a sixth of every budget."""
    yield from checked_for_leaks(build_world(new_server(engine, LINKXG_LIMIT_SCALE="0.17")))


@pytest.fixture(scope="module")
def spent(scaled: World) -> Iterator[Spent]:
    person, victim = scaled.person("OWNER"), scaled.person()
    person_with_totp(scaled.api, victim)
    session = sign_in(scaled.api, person)
    app = add_totp(scaled.api, session)
    session = renewed(scaled, session)
    passkey_id = add_passkey(scaled, session, new_authenticator(scaled), "Phone")
    visitor = Visitor(scaled.server.url, scaled.vault)
    assert visitor.fill(visitor.sign_in(person), "/sign-in/code", code=app.codes[0]).status_code == 303
    yield Spent(scaled, renewed(scaled, session), visitor, passkey_id, victim)
    visitor.close()


API_CHANGES: dict[str, Any] = {
    "POST /auth/factors/totp": None,
    "POST /auth/factors/totp/confirm": {"code": "123456"},
    "POST /auth/factors/recovery-codes": None,
    "POST /auth/factors/passkeys/options": None,
    "POST /auth/factors/passkeys": {"credential": {}},
    f"PATCH {FACTOR}": {"name": "Renamed"},
    f"DELETE {FACTOR}": None,
    "DELETE /account/users/{user_id}/factors": None,
}
FORMS: list[tuple[str, dict[str, str]]] = [
    ("/account/security", {"act": "app"}),
    ("/account/security", {"act": "confirm", "code": "123456"}),
    ("/account/security", {"act": "codes", "sure": "yes"}),
    ("/account/security", {"act": "remove", "factor": "{passkey_id}", "sure": "yes"}),
    ("/account/security", {"act": "company"}),
    ("/account/passkeys/new", {}),
    ("/account/passkeys/new", {"credential": "{}", "name": "Tablet"}),
    ("/account/passkeys/new", {"credential": '{"id": "", "rawId": "", "type": "public-key", "response": '
                                             '{"clientDataJSON": "", "attestationObject": ""}}'}),
    (PASSKEY, {"name": "Renamed"}),
    (f"{PASSKEY}/remove", {"sure": "yes"}),
    (MEMBER, {"act": "reset", "sure": "yes"}),
]  # fmt: skip


def _changes_factors(route: Route) -> bool:
    if route.handler is None or route.method in ("GET", "HEAD") or route.handler.opt.get("public"):
        return False
    return "/factors" in route.path or route.path.startswith(("/account/passkeys", "/account/security"))


def test_every_route_that_changes_factors_is_swept() -> None:
    found = {f"{route.method} {route.path.removeprefix(API)}" for route in routes() if _changes_factors(route)}
    forms = {f"POST {path}" for path, _ in FORMS if path != MEMBER}
    assert found - set(WITHOUT_CHANGE) == set(API_CHANGES) | forms


@pytest.mark.parametrize("change", API_CHANGES)
def test_rule_135_a_change_by_the_api_spends_the_budget(spent: Spent, change: str) -> None:
    spent.spend()
    before = spent.factors()
    method, _, path = change.partition(" ")
    body = API_CHANGES[change]
    limited_answer(spent.world.api.request(method, spent.path(path), bearer=spent.session.access, json=body))
    _assert_unchanged(spent, before)


@pytest.mark.parametrize(("form", "fields"), FORMS, ids=str)
def test_rule_135_a_form_of_the_console_spends_the_budget(spent: Spent, form: str, fields: dict[str, str]) -> None:
    """The page of the form says how long to wait: the general error page speaks of an address, not of the person."""
    spent.spend()
    before = spent.factors()
    filled = [(name, spent.passkey_id if name == "factor" else value) for name, value in fields.items()]
    refused = spent.visitor.post(spent.path(form), [("csrf", spent.visitor.csrf()), *filled])
    assert refused.status_code == 429, text_of(refused)
    assert "<title>Error: " in refused.text
    assert "Wait " in text_of(refused)
    assert "from your address" not in text_of(refused)
    if "name" in fields and form == PASSKEY:
        assert 'value="Renamed"' in refused.text, "what was typed is kept"
    _assert_unchanged(spent, before)


def _assert_unchanged(spent: Spent, before: Any) -> None:
    assert spent.factors() == before
    apps = f"SELECT count(*) FROM totp_factors WHERE user_id = '{spent.victim.user_id}'"
    assert count(spent.world.server.database, apps) == 1
