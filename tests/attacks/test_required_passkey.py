"""A passkey as the first factor of an account that requires one. Security rules 132, 138 and 140 to 147."""

from __future__ import annotations

import pytest

from attacks.test_required_factor import begin, confirm, enrollment_token, require
from harness.answers import Answer
from harness.authenticator import Credential, Options, SoftwareAuthenticator
from harness.factors import add_totp, first_step
from harness.passkeys import new_authenticator, passkey_sign_in, register, second_step_by, step_options
from harness.people import Person, Session, add_person, me, refresh, session_of
from harness.rows import count
from harness.token_forge import decode_unverified
from harness.world import World
from network.partners import new_account


@pytest.fixture
def member(world: World) -> Person:
    return new_member(world)


def new_member(world: World) -> Person:
    """Of an account that requires a second factor by now; they have none."""
    owner = new_account(world)
    add_totp(world.api, owner)
    owner = session_of(owner.person, refresh(world.api, owner.refresh).expect(200))
    person = add_person(world.api, owner, "MEMBER")
    require(world, owner).expect(200)
    return person


def options_of(world: World, token: str) -> Options:
    answer = world.api.post("/auth/mfa/enrollment/passkey-options", json={"mfaToken": token})
    options: Options = answer.expect(200).data()["publicKey"]
    return options


def enroll(world: World, token: str, credential: Credential) -> Answer:
    body = {"mfaToken": token, "credential": credential, "name": "Phone"}
    return world.api.post("/auth/mfa/enrollment/passkey", json=body, reveals=True)


def passkeys_of(world: World, person: Person) -> int:
    return count(world.server.database, f"SELECT count(*) FROM passkeys WHERE user_id = '{person.user_id}'")


def test_rule_138_a_passkey_is_set_up_while_signing_in(world: World, member: Person) -> None:
    token = enrollment_token(world, member)
    device = new_authenticator(world)
    data = enroll(world, token, device.create(options_of(world, token))).expect(200).data()
    codes = [world.vault.remember("recovery code", code) for code in data["recoveryCodes"]]
    assert len(set(codes)) == 10
    session = Session(member, data["session"]["accessToken"], data["session"]["refreshToken"])
    me(world.api, session.access).expect(200)
    amr = decode_unverified(session.access)[1]["amr"]
    assert amr[0] == "pwd"
    assert {"user", "mfa"} <= set(amr)
    found = world.api.get("/auth/factors", bearer=session.access).expect(200).data()
    assert [(one["method"], one["name"]) for one in found["factors"]] == [("passkey", "Phone")]
    assert found["recoveryCodesLeft"] == 10
    # From then on it is a second factor like any other, and signs in alone.
    again = first_step(world.api, member)
    second_step_by(world, again, device.get(step_options(world, again))).expect(200)
    passkey_sign_in(world, device).expect(200)


def test_rule_138_the_challenge_and_the_token_work_once(world: World, member: Person) -> None:
    token = enrollment_token(world, member)
    options = options_of(world, token)
    device = new_authenticator(world)
    enroll(world, token, device.create(options)).expect(200)
    world.vault.remember("used token", token)
    enroll(world, token, new_authenticator(world).create(options)).expect(401, "invalid_token")
    world.api.post("/auth/mfa/enrollment/passkey-options", json={"mfaToken": token}).expect(401, "invalid_token")
    assert passkeys_of(world, member) == 1


def test_rule_141_the_challenge_of_another_person_or_ceremony_is_refused(world: World, member: Person) -> None:
    token, other = enrollment_token(world, member), new_member(world)
    theirs = options_of(world, enrollment_token(world, other))
    enroll(world, token, new_authenticator(world).create(theirs)).expect(401, "invalid_credentials")
    session = world.session()
    answer = world.api.post("/auth/factors/passkeys/options", bearer=session.access).expect(200)
    ours = answer.data()["publicKey"]
    enroll(world, token, new_authenticator(world).create(ours)).expect(401, "invalid_credentials")
    # Nor does a session take the challenge of a set-up.
    mine = new_authenticator(world).create(options_of(world, token))
    register(world, session, mine).expect(422, "validation_failed")
    assert passkeys_of(world, member) == 0


def test_rule_132_a_passkey_set_up_never_adds_to_a_factor(world: World, member: Person) -> None:
    stolen = enrollment_token(world, member)
    options = options_of(world, stolen)
    token = enrollment_token(world, member)
    app = begin(world, token)
    for code in confirm(world, token, app.code()).expect(200).data()["recoveryCodes"]:
        world.vault.remember("recovery code", code)
    answer = enroll(world, stolen, new_authenticator(world).create(options))
    answer.expect_one_of((401, "invalid_token"), (401, "invalid_credentials"))
    assert passkeys_of(world, member) == 0


def test_rule_138_wrong_passkeys_are_bounded(world: World, member: Person) -> None:
    token = enrollment_token(world, member)
    elsewhere = SoftwareAuthenticator("https://evil.example", "evil.example")
    for _ in range(5):
        enroll(world, token, elsewhere.create(options_of(world, token))).expect(401, "invalid_credentials")
    right = new_authenticator(world)
    enroll(world, token, right.create(options_of(world, token))).expect(401, "invalid_token")
    assert passkeys_of(world, member) == 0
