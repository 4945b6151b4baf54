"""People: login and logout, sessions, password."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from api.test_account import ACCOUNT_MEMBERS
from harness.clients import SCOPES
from harness.people import Session, login, logout, me, refresh, session_of, sign_in
from harness.token_forge import decode_unverified
from harness.world import World

SIGNED_IN = {"accessToken", "refreshToken", "tokenType", "expiresIn", "user"}
SESSION = {"id", "createdAt", "lastUsedAt", "expiresAt", "source", "userAgent", "current"}
READING = [scope for scope in SCOPES if scope.endswith(":read")]


def test_login_returns_tokens(world: World) -> None:
    person = world.person("VIEWER")
    answer = login(world.api, person.email, person.password).expect(200)
    assert answer.object().keys() == {"success", "data"}
    data = answer.data()
    assert data.keys() == SIGNED_IN
    assert (data["tokenType"], data["expiresIn"]) == ("Bearer", 900)
    assert data["user"] == {"id": person.user_id, "email": person.email, "role": "VIEWER"}
    assert answer.header("cache-control") == "no-store"


def test_failed_logins_are_rejected_alike(world: World) -> None:
    person = world.person()
    answers = [
        login(world.api, person.email, "not the password at all"),
        login(world.api, "nobody@example.test", person.password),
    ]
    for answer in answers:
        answer.expect(401, "invalid_credentials")
        assert answer.object()["error_description"] == "E-mail or password is incorrect."
    world.api.post("/auth/login", json={"email": person.email}).expect(400, "invalid_request")
    world.api.post("/auth/login", content=b"{", headers={"Content-Type": "application/json"}).expect(
        400, "invalid_request"
    )
    world.api.post("/auth/login", form={"email": person.email, "password": person.password}).expect(
        400, "invalid_request"
    )


def test_login_ignores_the_case_of_the_email_address(world: World) -> None:
    person = world.person()
    data = login(world.api, person.email.upper(), person.password).expect(200).data()
    assert data["user"]["email"] == person.email


def test_refresh_returns_new_tokens(world: World) -> None:
    first = world.session()
    answer = refresh(world.api, first.refresh).expect(200)
    data = answer.data()
    assert data.keys() == SIGNED_IN
    assert data["user"]["id"] == first.person.user_id
    assert data["refreshToken"] != first.refresh
    assert answer.header("cache-control") == "no-store"
    assert decode_unverified(data["accessToken"])[1]["sid"] == decode_unverified(first.access)[1]["sid"]


def test_a_used_refresh_token_ends_the_session(world: World) -> None:
    first = world.session()
    second = session_of(first.person, refresh(world.api, first.refresh).expect(200))
    refresh(world.api, first.refresh).expect(401, "invalid_token")
    refresh(world.api, second.refresh).expect(401, "invalid_token")
    me(world.api, second.access).expect(401, "invalid_token")


def test_a_retry_with_its_key_gets_the_same_successor(world: World) -> None:
    first = world.session()
    one = refresh(world.api, first.refresh, key="retry-1").expect(200).data()
    two = refresh(world.api, first.refresh, key="retry-1", repeats=True).expect(200).data()
    assert one["refreshToken"] == two["refreshToken"]
    refresh(world.api, one["refreshToken"]).expect(200)


def test_malformed_refreshes_are_rejected(world: World) -> None:
    refresh(world.api, "lxgref_nonsense").expect(401, "invalid_token")
    world.api.post("/auth/refresh", json={}).expect(400, "invalid_request")
    world.api.post("/auth/refresh", json={"refreshToken": 1}).expect(400, "invalid_request")
    world.api.post("/auth/refresh", json={"refreshToken": world.owner.access}).expect(401, "invalid_token")


def test_logout_ends_the_session(world: World) -> None:
    one = world.session()
    two = sign_in(world.api, one.person)
    assert logout(world.api, one.access).expect(200).object() == {"success": True, "data": None}
    me(world.api, one.access).expect(401, "invalid_token")
    refresh(world.api, one.refresh).expect(401, "invalid_token")
    logout(world.api, one.access).expect(401, "invalid_token")
    me(world.api, two.access).expect(200)
    refresh(world.api, two.refresh).expect(200)


def test_me_describes_the_person_and_the_account(world: World) -> None:
    session = world.session("MEMBER")
    data = me(world.api, session.access).expect(200).data()
    assert data.keys() == {"id", "email", "role", "name", "language", "timeZone", "emailChange", "account", "scopes"}
    assert data["account"].keys() == ACCOUNT_MEMBERS
    assert (data["id"], data["email"], data["role"]) == (session.person.user_id, session.person.email, "MEMBER")
    assert data["account"]["name"] == world.account.name
    me(world.api, world.token()).expect(403, "access_denied")


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("OWNER", list(SCOPES)),
        ("ADMIN", list(SCOPES)),
        ("MEMBER", [scope for scope in SCOPES if scope != "connections:write"]),
        ("VIEWER", READING),
    ],
)
def test_a_role_carries_its_scopes(world: World, role: str, scopes: list[str]) -> None:
    session = world.owner if role == "OWNER" else world.session(role)
    assert decode_unverified(session.access)[1]["scope"].split(" ") == scopes
    assert me(world.api, session.access).data()["scopes"] == scopes


def _sessions(world: World, session: Session) -> list[dict[str, object]]:
    found = world.api.get("/auth/sessions", bearer=session.access).expect(200).data()
    assert isinstance(found, list)
    return found


def test_own_sessions_are_listed_and_ended(world: World) -> None:
    one = world.session()
    two = sign_in(world.api, one.person)
    found = _sessions(world, one)
    assert [entry.keys() for entry in found] == [SESSION, SESSION]
    assert [entry["current"] for entry in found] == [False, True]
    assert found[0]["id"] == decode_unverified(two.access)[1]["sid"]
    assert found[0]["source"] == "127.0.0.1"
    begun = datetime.fromisoformat(str(found[0]["createdAt"]))
    assert abs(begun.timestamp() - time.time()) < 60
    world.api.delete(f"/auth/sessions/{found[0]['id']}", bearer=one.access).expect(204)
    me(world.api, two.access).expect(401, "invalid_token")
    refresh(world.api, two.refresh).expect(401, "invalid_token")
    world.api.delete(f"/auth/sessions/{found[0]['id']}", bearer=one.access).expect(404, "not_found")
    assert len(_sessions(world, one)) == 1


def test_another_persons_session_does_not_exist(world: World) -> None:
    one, other = world.session(), world.session()
    theirs = _sessions(world, other)[0]["id"]
    world.api.delete(f"/auth/sessions/{theirs}", bearer=one.access).expect(404, "not_found")
    me(world.api, other.access).expect(200)


def test_at_most_twenty_sessions(world: World) -> None:
    person = world.person()
    opened = [sign_in(world.api, person) for _ in range(21)]
    me(world.api, opened[0].access).expect(401, "invalid_token")
    assert len(_sessions(world, opened[-1])) == 20


def test_a_password_change_ends_the_other_sessions(world: World) -> None:
    one = world.session()
    two = sign_in(world.api, one.person)
    new = world.vault.password()
    body = {"currentPassword": one.person.password, "newPassword": new}
    answer = world.api.post("/auth/password", bearer=one.access, json=body).expect(200)
    assert answer.object() == {"success": True, "data": None}
    me(world.api, one.access).expect(200)
    me(world.api, two.access).expect(401, "invalid_token")
    login(world.api, one.person.email, one.person.password).expect(401, "invalid_credentials")
    login(world.api, one.person.email, new).expect(200)


def test_failed_password_changes_are_rejected(world: World) -> None:
    one = world.session()
    new = world.vault.password()
    wrong = {"currentPassword": "not the password", "newPassword": new}
    world.api.post("/auth/password", bearer=one.access, json=wrong).expect(401, "invalid_credentials")
    weak = {"currentPassword": one.person.password, "newPassword": "short"}
    answer = world.api.post("/auth/password", bearer=one.access, json=weak).expect(422, "validation_failed")
    details = answer.object()["details"]
    assert [(detail["field"], detail["code"]) for detail in details] == [("newPassword", "too_short")]
