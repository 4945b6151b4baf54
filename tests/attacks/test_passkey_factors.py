"""Passkeys as second factors, and who may add and remove them. Security rules 140, 142 and 147."""

from __future__ import annotations

from typing import Any

import pytest

from harness.answers import Answer
from harness.authenticator import USER_PRESENT, SoftwareAuthenticator
from harness.factors import add_totp, age_session, first_step
from harness.passkeys import (
    add_passkey,
    creation_options,
    list_passkeys,
    new_authenticator,
    passkey_of,
    passkey_sign_in,
    register,
    renewed,
    request_options,
    second_step_by,
    sign_in_by,
    step_options,
)
from harness.people import Person, Session, login, me, session_of, sign_in
from harness.rows import count, rows
from harness.token_forge import decode_unverified
from harness.world import World
from network.partners import new_account


def denied(answer: Answer) -> Answer:
    return answer.expect(401, "invalid_credentials")


@pytest.fixture
def person(world: World) -> Person:
    return world.person()


@pytest.fixture
def session(world: World, person: Person) -> Session:
    return sign_in(world.api, person)


@pytest.fixture
def authenticator(world: World, session: Session) -> SoftwareAuthenticator:
    """With the one passkey of the person."""
    return passkey_of(world, session)


def test_a_passkey_completes_a_sign_in_with_a_password(
    world: World, person: Person, authenticator: SoftwareAuthenticator
) -> None:
    asked = login(world.api, person.email, person.password).expect(401, "mfa_required").json()
    assert asked["methods"] == ["passkey", "recovery_code"]
    options = step_options(world, asked["mfaToken"])
    assert len(options["allowCredentials"]) == 1
    assert options["userVerification"] == "preferred"
    # The password has verified the person: presence is enough.
    credential = authenticator.get(options, flags=USER_PRESENT)
    del credential["response"]["userHandle"]
    signed_in = session_of(person, second_step_by(world, asked["mfaToken"], credential).expect(200))
    assert decode_unverified(signed_in.access)[1]["amr"] == ["pwd", "hwk", "user", "mfa"]


def test_rule_140_a_second_step_takes_answers_to_its_own_challenge_only(
    world: World, person: Person, authenticator: SoftwareAuthenticator
) -> None:
    token = first_step(world.api, person)
    denied(second_step_by(world, token, authenticator.get(request_options(world))))
    options = step_options(world, token)
    denied(sign_in_by(world, authenticator.get(options)))
    credential = authenticator.get(step_options(world, token))
    second_step_by(world, token, credential).expect(200)
    denied(second_step_by(world, first_step(world.api, person), credential))


def test_rule_142_a_passkey_of_somebody_else_is_no_second_factor(
    world: World, person: Person, authenticator: SoftwareAuthenticator
) -> None:
    stranger = world.person()
    theirs = passkey_of(world, sign_in(world.api, stranger))
    token = first_step(world.api, person)
    denied(second_step_by(world, token, theirs.get(step_options(world, token))))
    # An answer to the options of their own second step does not help them either.
    denied(second_step_by(world, token, theirs.get(step_options(world, first_step(world.api, stranger)))))
    second_step_by(world, token, authenticator.get(step_options(world, token))).expect(200)


def test_rule_140_five_wrong_answers_end_the_second_step(
    world: World, person: Person, authenticator: SoftwareAuthenticator
) -> None:
    token = first_step(world.api, person)
    for _ in range(5):
        denied(second_step_by(world, token, authenticator.get(step_options(world, token), flags=0)))
    good = authenticator.get(step_options(world, token))
    second_step_by(world, token, good).expect(401, "invalid_token")


def test_options_of_a_second_step_need_its_token(world: World, person: Person) -> None:
    for token in ("lxgmfa_", world.vault.invent("token of a first step", length=56)):
        body = {"mfaToken": token}
        world.api.post("/auth/mfa/passkey-options", json=body).expect(401, "invalid_token")


INCOMPLETE: list[dict[str, Any]] = [
    {"method": "passkey"},
    {"method": "passkey", "code": "123456"},
    {"method": "totp"},
]


@pytest.mark.parametrize("body", INCOMPLETE)
def test_a_method_needs_its_own_answer(
    world: World, person: Person, authenticator: SoftwareAuthenticator, body: dict[str, Any]
) -> None:
    token = first_step(world.api, person)
    world.api.post("/auth/mfa", json={"mfaToken": token} | body).expect(400, "invalid_request")
    second_step_by(world, token, authenticator.get(step_options(world, token))).expect(200)


def step_up(world: World, session: Session, **body: Any) -> Answer:
    return world.api.post("/auth/step-up", bearer=session.access, json=body, reveals=True)


def test_a_passkey_alone_steps_a_session_up(world: World, person: Person, authenticator: SoftwareAuthenticator) -> None:
    old = age_session(world, session_of(person, passkey_sign_in(world, authenticator).expect(200)))
    path = "/auth/factors/passkeys/options"
    world.api.post(path, bearer=old.access).expect(401, "insufficient_user_authentication")
    stranger = passkey_of(world, world.session())
    denied(step_up(world, old, credential=stranger.get(request_options(world))))
    denied(step_up(world, old, credential=authenticator.get(request_options(world), flags=USER_PRESENT)))
    fresh = step_up(world, old, credential=authenticator.get(request_options(world))).expect(200).data()
    world.api.post(path, bearer=fresh["accessToken"]).expect(200)


def test_rule_142_a_refused_step_up_is_audited_for_the_person_of_the_passkey(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    current, other = renewed(world, session), new_account(world)
    others = passkey_of(world, other)
    denied(step_up(world, current, credential=authenticator.get(request_options(world), flags=USER_PRESENT)))
    denied(step_up(world, current, credential=others.get(request_options(world))))
    failed = "SELECT actor_kind, actor_id FROM audit_events WHERE action = 'login.failed' AND target = '{}'"
    database, mine, theirs = world.server.database, session.person.user_id, decode_unverified(other.access)[1]["sub"]
    assert rows(database, failed.format(mine)) == [["user", mine]]
    # The trail of another account names no person of this one.
    assert rows(database, failed.format(theirs)) == [["anonymous", ""]]


def test_rule_187_a_session_states_its_last_authentication_and_factors_added_since(
    world: World, person: Person, authenticator: SoftwareAuthenticator
) -> None:
    session = session_of(person, passkey_sign_in(world, authenticator).expect(200))
    assert decode_unverified(session.access)[1]["amr"] == ["hwk", "user", "mfa"]
    app = add_totp(world.api, session)
    session = renewed(world, session)
    assert decode_unverified(session.access)[1]["amr"] == ["hwk", "user", "mfa", "otp"]
    fresh = step_up(world, session, credential=authenticator.get(request_options(world))).expect(200).data()
    assert decode_unverified(fresh["accessToken"])[1]["amr"] == ["hwk", "user", "mfa"]
    assert app.codes == []


def test_a_passkey_completes_a_step_up_with_a_password(
    world: World, person: Person, authenticator: SoftwareAuthenticator
) -> None:
    old = age_session(world, session_of(person, passkey_sign_in(world, authenticator).expect(200)))
    asked = step_up(world, old, password=person.password).expect(401, "mfa_required").json()
    credential = authenticator.get(step_options(world, asked["mfaToken"]))
    fresh = step_up(world, old, mfaToken=asked["mfaToken"], method="passkey", credential=credential).expect(200).data()
    claims = decode_unverified(fresh["accessToken"])[1]
    assert claims["amr"] == ["pwd", "hwk", "user", "mfa"]


def test_rule_147_adding_and_removing_need_a_recent_authentication(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    old = age_session(world, renewed(world, session))
    (passkey,) = list_passkeys(world, old)
    for method, path in (
        ("POST", "/auth/factors/passkeys/options"),
        ("POST", "/auth/factors/passkeys"),
        ("DELETE", f"/auth/factors/{passkey['id']}"),
    ):
        answer = world.api.request(method, path, bearer=old.access, json={} if path.endswith("passkeys") else None)
        answer.expect(401, "insufficient_user_authentication")
    assert len(list_passkeys(world, old)) == 1
    passkey_sign_in(world, authenticator).expect(200)


def test_rule_147_a_removed_passkey_never_signs_in_again(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    current = renewed(world, session)
    (passkey,) = list_passkeys(world, current)
    held = authenticator.get(request_options(world))
    world.api.delete(f"/auth/factors/{passkey['id']}", bearer=current.access).expect(204)
    denied(sign_in_by(world, held))
    denied(passkey_sign_in(world, authenticator))
    assert list_passkeys(world, current) == []
    # It was the only factor: the password alone signs in again.
    login(
        world.api,
        current.person.email,
        current.person.password,
    ).expect(200)


def test_rule_147_changes_end_the_other_sessions_and_are_audited(world: World, person: Person) -> None:
    other, current = sign_in(world.api, person), sign_in(world.api, person)
    passkey_id = add_passkey(world, current, new_authenticator(world))
    me(world.api, other.access).expect(401, "invalid_token")
    current = renewed(world, current)
    me(world.api, current.access).expect(200)
    world.api.delete(f"/auth/factors/{passkey_id}", bearer=current.access).expect(204)
    for action in ("factor.added", "factor.removed"):
        where = f"action = '{action}' and target = '{person.user_id}' and details like '%{passkey_id}%'"
        assert count(world.server.database, f"select count(*) from audit_events where {where}") == 1


def test_rule_147_whoever_needs_a_second_factor_keeps_the_last_passkey(world: World) -> None:
    owner = new_account(world)
    authenticator = passkey_of(world, owner)
    owner = renewed(world, owner)
    (passkey,) = list_passkeys(world, owner)
    path = f"/auth/factors/{passkey['id']}"
    world.api.patch("/account", bearer=owner.access, json={"mfaRequirement": "EVERYBODY"}).expect(200)
    world.api.delete(path, bearer=owner.access).expect(409, "conflict")
    # It meets the requirement, alone.
    passkey_sign_in(world, authenticator).expect(200)
    world.api.patch("/account", bearer=owner.access, json={"mfaRequirement": "NONE"}).expect(200)
    world.api.delete(path, bearer=owner.access).expect(204)


def test_rule_147_a_reset_removes_passkeys(world: World) -> None:
    person_session = world.session()
    authenticator = passkey_of(world, person_session)
    owner = world.session("OWNER")
    path = f"/account/users/{person_session.person.user_id}/factors"
    world.api.delete(path, bearer=owner.access).expect(204)
    denied(passkey_sign_in(world, authenticator))
    current = sign_in(world.api, person_session.person)
    # The same device can be registered again.
    register(world, current, authenticator.create(creation_options(world, current))).expect(201)


def test_rule_188_challenges_of_one_ceremony_do_not_crowd_out_another(
    world: World, person: Person, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    current = renewed(world, session)
    device = new_authenticator(world)
    options = creation_options(world, current)
    token = first_step(world.api, person)
    for _ in range(11):
        step_options(world, token)
    register(world, current, device.create(options)).expect(201)
