"""The sign-in page says once why a session ended, truly for every verb that ends one. Security rule L11."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.factors import add_totp, first_step, second_step
from harness.people import Person, session_of, sign_in
from harness.rows import execute
from harness.world import World
from linkxg.identity.authorization.end_reasons import END_REASON_TEXTS
from password_reset.links import complete, link_for

LINE = re.compile(r"You were signed out [^.]*\.")
MINE = "/account/sessions"


def _change(world: World, person: Person, **changed: object) -> None:
    path = f"/account/users/{person.user_id}"
    world.api.request("PATCH", path, bearer=world.owner.access, json=changed).expect(200)


def _change_password(world: World, person: Person) -> None:
    body = {"currentPassword": person.password, "newPassword": world.vault.password()}
    world.api.post("/auth/password", bearer=sign_in(world.api, person).access, json=body).expect(200)


def _reset_password(world: World, person: Person) -> None:
    complete(world.api, link_for(world, person), world.vault.password()).expect(200)


def _add_factor(world: World, person: Person) -> None:
    add_totp(world.api, sign_in(world.api, person))


def _end_own(world: World, person: Person) -> None:
    session = sign_in(world.api, person)
    listed = world.api.get("/auth/sessions", bearer=session.access).expect(200).json()["data"]
    for one in listed:
        if not one["current"]:
            world.api.delete(f"/auth/sessions/{one['id']}", bearer=session.access).expect(204)


def _sign_in_often(world: World, person: Person) -> None:
    for _ in range(20):
        sign_in(world.api, person)


BY_API: dict[str, Callable[[World, Person], None]] = {
    "ended by its person": _end_own,
    "password changed": _change_password,
    "password reset": _reset_password,
    "factor added": _add_factor,
    "role changed": lambda world, person: _change(world, person, role="VIEWER"),
    "access ended": lambda world, person: _change(world, person, disabled=True),
    "evicted": _sign_in_often,
}
ELSEWHERE = {"logout", "factor removed", "factors reset", "by administrator"}
"""Tested below."""
NOT_BY_A_PERSON = {"address changed", "single sign-on only", "by identity provider", "provider changed", "restored"}
OF_TOKENS = {"reuse", "found in public"}
"""No session of the console ends so."""


def why(visitor: Visitor) -> str:
    """What the sign-in page says to a person whose page has led there."""
    answer = visitor.get(MINE)
    assert answer.status_code == 303, "the session has ended"
    found = LINE.search(text_of(visitor.get(answer.headers["location"])))
    return found[0] if found else ""


def test_every_reason_is_covered() -> None:
    assert BY_API.keys() | ELSEWHERE | NOT_BY_A_PERSON | OF_TOKENS == END_REASON_TEXTS.keys()
    assert all(len(reason) <= 20 for reason in END_REASON_TEXTS), "as long as the column"


@pytest.mark.parametrize("reason", BY_API)
def test_a_session_that_a_person_ended_names_its_reason(world: World, new_visitor: NewVisitor, reason: str) -> None:
    person = world.person("MEMBER")
    visitor = new_visitor(person)
    BY_API[reason](world, person)
    assert why(visitor) == f"You were signed out {END_REASON_TEXTS[reason]}."  # type: ignore[index]


@pytest.mark.parametrize("reason", sorted(NOT_BY_A_PERSON))
def test_a_session_that_no_person_ended_names_its_reason(world: World, new_visitor: NewVisitor, reason: str) -> None:
    person = world.person("MEMBER")
    visitor = new_visitor(person)
    ended = f"ended_at = 1, end_reason = '{reason}'"
    execute(world.server.database, f"UPDATE sessions SET {ended} WHERE user_id = '{person.user_id}'")
    assert why(visitor) == f"You were signed out {END_REASON_TEXTS[reason]}."  # type: ignore[index]


def test_a_reset_second_factor_and_ended_sessions_are_said(world: World, new_visitor: NewVisitor) -> None:
    """The reset by an Owner was called a change of role, access or password."""
    owner, person = new_visitor(world.person("OWNER")), world.person("MEMBER")
    page = f"/account/members/{person.user_id}"
    visitor = new_visitor(person)
    asked = owner.post(page, [("csrf", owner.csrf()), ("act", "end")])
    assert asked.status_code == 303 or owner.fill(asked, sure="yes").status_code == 303
    assert why(visitor) == "You were signed out because an Owner or Admin of your account ended your sessions."
    assert visitor.sign_in(person).status_code == 303
    app = add_totp(world.api, sign_in(world.api, person))
    visitor.fill(visitor.sign_in(person), "/sign-in/code", code=app.code())
    world.api.delete(f"/account/users/{person.user_id}/factors", bearer=world.owner.access).expect(204)
    assert why(visitor) == "You were signed out because an Owner of your account reset your second factor."


def test_a_removed_second_factor_is_said(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("MEMBER")
    app = add_totp(world.api, sign_in(world.api, person))
    visitor = new_visitor()
    visitor.fill(visitor.sign_in(person), "/sign-in/code", code=app.codes[0])
    token = first_step(world.api, person)
    session = session_of(person, second_step(world.api, token, app.code()).expect(200))
    factor = world.api.get("/auth/factors", bearer=session.access).expect(200).data()["factors"][0]["id"]
    world.api.delete(f"/auth/factors/{factor}", bearer=session.access).expect(204)
    assert why(visitor) == "You were signed out because you removed a second factor in another session."


def test_the_reason_is_said_once(world: World, new_visitor: NewVisitor) -> None:
    """It stayed on the page after a wrong password, and on every later visit."""
    person = world.person("MEMBER")
    visitor = new_visitor(person)
    _end_own(world, person)
    assert why(visitor)
    page = visitor.get("/sign-in")
    assert 'id="why"' not in page.text
    wrong = visitor.fill(page, "/sign-in", email=person.email, password="not the password")
    assert wrong.status_code == 401
    assert 'id="why"' not in wrong.text
    assert visitor.sign_in(person).status_code == 303
    # The end of another session is said again; signing out is no end that needs a reason.
    assert visitor.post("/sign-out", [("csrf", visitor.csrf())]).status_code == 303
    assert "You are signed out." in text_of(visitor.get("/sign-in?done=signed-out"))
    assert "You signed out" not in text_of(visitor.get("/sign-in"))


def test_a_wrong_password_does_not_repeat_the_reason(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("MEMBER")
    visitor = new_visitor(person)
    _end_own(world, person)
    page = visitor.get(visitor.get(MINE).headers["location"])
    assert LINE.search(text_of(page))
    assert 'id="why"' not in visitor.fill(page, "/sign-in", email=person.email, password="not the password").text


def test_a_form_that_led_to_sign_in_has_its_reason_also_after_a_visit(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("MEMBER")
    visitor = new_visitor(person)
    form = visitor.get("/account/profile")
    _end_own(world, person)
    assert why(visitor)
    asked = visitor.fill(form, "/account/profile", name="Typed")
    assert END_REASON_TEXTS["ended by its person"] in text_of(asked)
    assert "Sign in, and your input is saved." in text_of(asked)
