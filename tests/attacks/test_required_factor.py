"""Accounts that require a second factor, and the reset of a lost one. Security rules 138 and 139."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from attacks.cases import case
from harness.answers import Answer
from harness.factors import (
    Authenticator,
    add_totp,
    age_session,
    first_step,
    forget_steps,
    person_with_totp,
    second_step,
)
from harness.people import Person, Session, add_person, login, me, refresh, session_of, sign_in
from harness.rows import count, execute, rows
from harness.token_forge import decode_unverified
from harness.world import World
from network.partners import new_account

PAST = "2026-01-01T00:00:00Z"


def later(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


def require(world: World, owner: Session, requirement: str = "EVERYBODY", since: str | None = None) -> Answer:
    body: dict[str, Any] = {"mfaRequirement": requirement, "mfaRequiredFrom": since}
    return world.api.patch("/account", bearer=owner.access, json=body)


@pytest.fixture
def account(world: World) -> tuple[Session, Authenticator]:
    """The Owner of a new account, who has an app."""
    owner = new_account(world)
    app = add_totp(world.api, owner)
    forget_steps_of(world, owner)
    app.last = 0
    return session_of(owner.person, refresh(world.api, owner.refresh).expect(200)), app


def forget_steps_of(world: World, session: Session) -> None:
    user = decode_unverified(session.access)[1]["sub"]
    execute(world.server.database, f"UPDATE totp_factors SET last_step = 0 WHERE user_id = '{user}'")


def enrollment_token(world: World, person: Person) -> str:
    answer = login(world.api, person.email, person.password).expect(401, "mfa_enrollment_required")
    assert answer.object()["methods"] == ["totp", "passkey"]
    return str(answer.object()["mfaToken"])


def begin(world: World, token: str) -> Authenticator:
    secret = world.api.post("/auth/mfa/enrollment", json={"mfaToken": token}).expect(200).data()["secret"]
    return Authenticator(world.vault.remember("secret of an authenticator app", secret))


def confirm(world: World, token: str, code: str) -> Answer:
    body = {"mfaToken": token, "code": code}
    return world.api.post("/auth/mfa/enrollment/confirm", json=body, reveals=True)


def enroll(world: World, person: Person) -> tuple[Session, Authenticator]:
    token = enrollment_token(world, person)
    app = begin(world, token)
    data = confirm(world, token, app.code()).expect(200).data()
    app.codes = [world.vault.remember("recovery code", code) for code in data["recoveryCodes"]]
    return Session(person, data["session"]["accessToken"], data["session"]["refreshToken"]), app


def test_rule_138_from_now_on_everybody_sets_up_a_factor(world: World, account: tuple[Session, Authenticator]) -> None:
    owner, app = account
    member = add_person(world.api, owner, "MEMBER")
    before = sign_in(world.api, member)
    shown = require(world, owner).expect(200).data()
    assert shown["mfaRequirement"] == "EVERYBODY"
    assert shown["mfaRequiredFrom"] is not None
    # A session without a factor is renewed no more; one with a factor goes on.
    refresh(world.api, before.refresh).expect(401, "invalid_token")
    owner = session_of(owner.person, refresh(world.api, owner.refresh).expect(200))
    session, member_app = enroll(world, member)
    assert len(member_app.codes) == 10
    assert decode_unverified(session.access)[1]["amr"] == ["pwd", "otp", "mfa"]
    me(world.api, session.access).expect(200)
    found = world.api.get("/auth/factors", bearer=session.access).expect(200).data()
    assert found["required"] is True
    factor = f"/auth/factors/{found['factors'][0]['id']}"
    world.api.delete(factor, bearer=session.access).expect(409, "conflict")
    forget_steps(world, member, member_app)
    second_step(world.api, first_step(world.api, member), member_app.code()).expect(200)
    second_step(world.api, first_step(world.api, owner.person), app.code()).expect(200)


def test_rule_135_a_first_factor_set_up_during_a_sign_in_ends_the_other_sessions(
    world: World, account: tuple[Session, Authenticator]
) -> None:
    owner, _ = account
    member = add_person(world.api, owner, "MEMBER")
    # A session of the identity provider meets the requirement without a factor here.
    other = sign_in(world.api, member)
    execute(world.server.database, f"UPDATE sessions SET amr = 'fed' WHERE id = '{other.session_id}'")
    require(world, owner).expect(200)
    other = session_of(member, refresh(world.api, other.refresh).expect(200))
    session, _ = enroll(world, member)
    me(world.api, other.access).expect(401, "invalid_token")
    refresh(world.api, other.refresh).expect(401, "invalid_token")
    me(world.api, session.access).expect(200)


def test_rule_138_administrators_alone_can_be_required(world: World, account: tuple[Session, Authenticator]) -> None:
    owner, _ = account
    admin, member = (add_person(world.api, owner, role) for role in ("ADMIN", "MEMBER"))
    sessions = [sign_in(world.api, person) for person in (admin, member)]
    require(world, owner, "ADMINISTRATORS").expect(200)
    refresh(world.api, sessions[0].refresh).expect(401, "invalid_token")
    renewed = session_of(member, refresh(world.api, sessions[1].refresh).expect(200))
    me(world.api, renewed.access).expect(200)
    enrollment_token(world, admin)
    sign_in(world.api, member)
    # A promotion brings the requirement with it.
    body = {"role": "ADMIN"}
    world.api.patch(f"/account/users/{member.user_id}", bearer=owner.access, json=body).expect(200)
    enrollment_token(world, member)


def test_rule_138_until_its_date_nothing_changes_and_sessions_end_then(
    world: World, account: tuple[Session, Authenticator]
) -> None:
    owner, _ = account
    member = add_person(world.api, owner, "MEMBER")
    before, since = sign_in(world.api, member), later(days=2)
    require(world, owner, since=since).expect(200)
    after = sign_in(world.api, member)
    database = world.server.database
    for session in (before, after):
        refresh(world.api, session.refresh).expect(200)
        ends = int(rows(database, f"SELECT expires_at FROM sessions WHERE id = '{session.session_id}'")[0][0])
        assert abs(ends / 1000 - time.time() - 2 * 86_400) < 60
    with_factor = session_of(owner.person, refresh(world.api, owner.refresh).expect(200))
    ends = int(rows(database, f"SELECT expires_at FROM sessions WHERE id = '{with_factor.session_id}'")[0][0])
    assert ends / 1000 > time.time() + 20 * 86_400


def test_rule_138_who_requires_it_has_a_factor_or_time(world: World) -> None:
    owner = new_account(world)
    for since in (None, PAST):
        require(world, owner, since=since).expect(409, "conflict")
    require(world, owner, since=later(hours=1)).expect(200)
    require(world, owner, "NONE").expect(200)
    assert world.api.get("/account", bearer=owner.access).expect(200).data()["mfaRequiredFrom"] is None


def test_rule_139_only_an_owner_sets_the_policy(world: World, account: tuple[Session, Authenticator]) -> None:
    owner, _ = account
    admin = sign_in(world.api, add_person(world.api, owner, "ADMIN"))
    for body in ({"mfaRequirement": "NONE"}, {"mfaRequiredFrom": None}, {"stepUpMinutes": None}):
        world.api.patch("/account", bearer=admin.access, json=body).expect(403, "access_denied")
    world.api.patch("/account", bearer=admin.access, json={"name": "Renamed"}).expect(200)


@pytest.mark.parametrize(
    "body",
    [
        case(138, "requirement", {"mfaRequirement": "SOME"}),
        case(138, "date", {"mfaRequirement": "EVERYBODY", "mfaRequiredFrom": "tomorrow"}),
        case(138, "no offset", {"mfaRequirement": "EVERYBODY", "mfaRequiredFrom": "2030-01-01T00:00:00"}),
    ],
)
def test_malformed_requirements_are_refused(world: World, body: dict[str, str]) -> None:
    world.api.patch("/account", bearer=world.owner.access, json=body).expect(422, "validation_failed")


def test_rule_138_the_token_of_an_enrolment_opens_nothing_else(
    world: World, account: tuple[Session, Authenticator]
) -> None:
    owner, _ = account
    member = add_person(world.api, owner, "MEMBER")
    require(world, owner).expect(200)
    token = enrollment_token(world, member)
    second_step(world.api, token, "123456").expect(401, "invalid_token")
    for path in ("/auth/me", "/auth/factors", "/products"):
        world.api.get(path, bearer=token).expect(401, "invalid_token")
    world.api.post("/auth/factors/totp", bearer=token).expect(401, "invalid_token")
    app = begin(world, token)
    confirm(world, token, "000000").expect(401, "invalid_credentials")
    confirm(world, token, app.code()).expect(200)
    world.vault.remember("used token", token)
    confirm(world, token, app.code()).expect(401, "invalid_token")


def test_rule_132_an_enrolment_never_replaces_a_factor(world: World, account: tuple[Session, Authenticator]) -> None:
    owner, _ = account
    member = add_person(world.api, owner, "MEMBER")
    require(world, owner).expect(200)
    # Whoever has the password begins first, and the person themselves are faster.
    stolen = enrollment_token(world, member)
    theirs = begin(world, stolen)
    session, _ = enroll(world, member)
    confirm(world, stolen, theirs.code()).expect_one_of((401, "invalid_token"), (401, "invalid_credentials"))
    world.api.post("/auth/mfa/enrollment", json={"mfaToken": stolen}).expect(401, "invalid_token")
    me(world.api, session.access).expect(200)
    database = world.server.database
    assert count(database, f"SELECT count(*) FROM totp_factors WHERE user_id = '{member.user_id}'") == 1


def test_rule_138_wrong_first_codes_are_bounded(world: World, account: tuple[Session, Authenticator]) -> None:
    owner, _ = account
    member = add_person(world.api, owner, "MEMBER")
    require(world, owner).expect(200)
    token = enrollment_token(world, member)
    app = begin(world, token)
    for number in range(5):
        confirm(world, token, f"{number:06}").expect(401, "invalid_credentials")
    confirm(world, token, app.code()).expect(401, "invalid_token")


@pytest.mark.parametrize("role", [case(139, name, name) for name in ("OWNER", "ADMIN", "MEMBER")])
def test_an_owner_resets_lost_factors(world: World, role: str) -> None:
    person = world.person(role)
    session, app = person_with_totp(world.api, person)
    forget_steps(world, person, app)
    token = first_step(world.api, person)
    owner = sign_in(world.api, world.account.owner)
    world.api.delete(f"/account/users/{person.user_id}/factors", bearer=owner.access).expect(204)
    me(world.api, session.access).expect(401, "invalid_token")
    refresh(world.api, session.refresh).expect(401, "invalid_token")
    second_step(world.api, token, app.code()).expect(401, "invalid_token")
    login(world.api, person.email, person.password).expect(200)
    sql = f"SELECT action, actor_id FROM audit_events WHERE target = '{person.user_id}' AND action = 'factors.reset'"
    assert rows(world.server.database, sql) == [["factors.reset", world.account.owner.user_id]]


def test_rule_139_nobody_else_resets_factors(world: World) -> None:
    person = world.person("MEMBER")
    _, app = person_with_totp(world.api, person)
    path = f"/account/users/{person.user_id}/factors"
    for role in ("ADMIN", "MEMBER", "VIEWER"):
        world.api.delete(path, bearer=world.session(role).access).expect(403, "access_denied")
    world.api.delete(path, bearer=world.token()).expect(403, "access_denied")
    world.api.delete(path, bearer=world.other_owner.access).expect_one_of(
        (404, "not_found"), (401, "insufficient_user_authentication")
    )
    old = age_session(world, sign_in(world.api, world.account.owner))
    world.api.delete(path, bearer=old.access).expect(401, "insufficient_user_authentication")
    forget_steps(world, person, app)
    second_step(world.api, first_step(world.api, person), app.code()).expect(200)


def test_rule_139_owners_remove_their_own_factors_one_by_one(world: World) -> None:
    owner = sign_in(world.api, world.account.owner)
    path = f"/account/users/{world.account.owner.user_id}/factors"
    world.api.delete(path, bearer=owner.access).expect(409, "conflict")
