"""Passkeys are accepted from their own person, page and device only. Security rules 140 to 146."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from attacks.cases import case
from harness.answers import Answer
from harness.authenticator import (
    BACKED_UP,
    BACKUP_ELIGIBLE,
    HONEST,
    USER_PRESENT,
    USER_VERIFIED,
    SoftwareAuthenticator,
    b64url,
    from_b64url,
)
from harness.concurrency import concurrently
from harness.passkeys import (
    creation_options,
    edited,
    list_passkeys,
    new_authenticator,
    passkey_of,
    passkey_sign_in,
    register,
    request_options,
    sign_in_by,
)
from harness.people import Session, me, session_of
from harness.rows import count, execute, scalar
from harness.world import World

CHANGING = {"date", "x-request-id"}
ELSEWHERE = "https://linkxg.example.test"


def denied(answer: Answer) -> Answer:
    return answer.expect(401, "invalid_credentials")


def test_rule_140_an_assertion_works_once(world: World, authenticator: SoftwareAuthenticator) -> None:
    credential = authenticator.get(request_options(world))
    sign_in_by(world, credential).expect(200)
    denied(sign_in_by(world, credential))


def test_rule_140_a_challenge_works_once(world: World, authenticator: SoftwareAuthenticator) -> None:
    options = request_options(world)
    sign_in_by(world, authenticator.get(options)).expect(200)
    denied(sign_in_by(world, authenticator.get(options)))


def test_rule_140_a_failed_answer_uses_its_challenge_up(world: World, authenticator: SoftwareAuthenticator) -> None:
    options = request_options(world)
    denied(sign_in_by(world, authenticator.get(options, origin=ELSEWHERE)))
    denied(sign_in_by(world, authenticator.get(options)))


def test_rule_140_of_concurrent_answers_to_one_challenge_one_succeeds(
    world: World, authenticator: SoftwareAuthenticator
) -> None:
    credential = authenticator.get(request_options(world))
    answers = concurrently([lambda: sign_in_by(world, credential)] * 6)
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401, 401, 401]


def test_rule_140_a_challenge_expires(world: World, authenticator: SoftwareAuthenticator) -> None:
    options = request_options(world)
    stored = hashlib.sha256(from_b64url(options["challenge"]).hex().encode()).hexdigest()
    literal = f"x'{stored}'" if world.server.database.url.startswith("sqlite") else f"'\\x{stored}'"
    where = f"passkey_challenges where digest = {literal}"
    assert count(world.server.database, f"select count(*) from {where}") == 1
    assert int(scalar(world.server.database, f"select expires_at - created_at from {where}")) == 300_000
    update = f"update passkey_challenges set expires_at = created_at - 1 where digest = {literal} returning 1"
    execute(world.server.database, update)
    denied(sign_in_by(world, authenticator.get(options)))


def test_rule_140_a_challenge_is_of_one_ceremony_and_one_person(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    creation, request = creation_options(world, session), request_options(world)
    denied(sign_in_by(world, authenticator.get({"challenge": creation["challenge"]})))
    another = new_authenticator(world)
    mixed = another.create(creation | {"challenge": request["challenge"]})
    register(world, session, mixed).expect(422, "validation_failed")
    stranger = world.session()
    register(world, stranger, new_authenticator(world).create(creation_options(world, session))).expect(
        422, "validation_failed"
    )
    invented = another.create(creation | {"challenge": b64url(b"a challenge of nobody, 32 bytes.")})
    register(world, session, invented).expect(422, "validation_failed")


def test_rule_140_a_person_has_a_bounded_number_of_challenges(world: World, session: Session) -> None:
    first = creation_options(world, session)
    for _ in range(10):
        last = creation_options(world, session)
    where = f"passkey_challenges where user_id = '{session.person.user_id}'"
    assert count(world.server.database, f"select count(*) from {where}") == 10
    register(world, session, new_authenticator(world).create(first)).expect(422, "validation_failed")
    register(world, session, new_authenticator(world).create(last)).expect(201)


FOREIGN: list[Any] = [
    case(141, "another origin", {"origin": ELSEWHERE}),
    case(141, "another port", {"origin": "http://127.0.0.1:1"}),
    case(141, "another scheme", {"origin": "https://127.0.0.1"}),
    case(141, "an embedded page", {"crossOrigin": True}),
    case(141, "an embedded page in words", {"crossOrigin": "false"}),
    case(141, "another top page", {"topOrigin": ELSEWHERE}),
    case(141, "a list of origins", {"origin": [ELSEWHERE]}),
]


@pytest.mark.parametrize("answered", FOREIGN)
def test_only_the_page_of_this_service_is_answered(
    world: World, session: Session, authenticator: SoftwareAuthenticator, answered: dict[str, Any]
) -> None:
    denied(passkey_sign_in(world, authenticator, **answered))
    credential = new_authenticator(world).create(creation_options(world, session), **answered)
    register(world, session, credential).expect(422, "validation_failed")
    assert len(list_passkeys(world, session)) == 1


def test_rule_141_a_passkey_of_another_relying_party_is_refused(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    authenticator.rp_id = "example.test"
    denied(passkey_sign_in(world, authenticator))
    credential = new_authenticator(world)
    credential.rp_id = "example.test"
    register(world, session, credential.create(creation_options(world, session))).expect(422, "validation_failed")


def test_rule_141_a_registration_is_no_sign_in(world: World, authenticator: SoftwareAuthenticator) -> None:
    denied(passkey_sign_in(world, authenticator, kind="webauthn.create"))


def test_rule_142_a_passkey_signs_in_nobody_but_its_person(world: World, authenticator: SoftwareAuthenticator) -> None:
    other = passkey_of(world, world.session())
    denied(passkey_sign_in(world, authenticator, user_handle=other.user_handle))
    denied(passkey_sign_in(world, authenticator, user_handle=b""))
    credential = authenticator.get(request_options(world))
    del credential["response"]["userHandle"]
    denied(sign_in_by(world, credential))
    # Another person's credential id over a signature of one's own key.
    stolen = SoftwareAuthenticator(authenticator.origin, authenticator.rp_id, credential_id=authenticator.credential_id)
    stolen.user_handle = authenticator.user_handle
    denied(passkey_sign_in(world, stolen))


def test_rule_142_a_credential_belongs_to_one_person(world: World, authenticator: SoftwareAuthenticator) -> None:
    stranger = world.session()
    credential = authenticator.create(creation_options(world, stranger))
    register(world, stranger, credential).expect(409, "conflict")
    assert list_passkeys(world, stranger) == []


def test_rule_142_passkeys_of_others_cannot_be_renamed_or_removed(world: World, session: Session) -> None:
    (passkey_id,) = (one["id"] for one in list_passkeys(world, session))
    for stranger in (world.session("OWNER"), world.other_owner):
        path = f"/auth/factors/{passkey_id}"
        world.api.patch(path, bearer=stranger.access, json={"name": "Mine"}).expect(404, "not_found")
        world.api.delete(path, bearer=stranger.access).expect(404, "not_found")
    assert [one["id"] for one in list_passkeys(world, session)] == [passkey_id]


def test_rule_142_a_disabled_person_does_not_sign_in(world: World) -> None:
    person_session = world.session()
    authenticator = passkey_of(world, person_session)
    path = f"/account/users/{person_session.person.user_id}"
    world.api.patch(path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    denied(passkey_sign_in(world, authenticator))


@pytest.mark.parametrize(
    "flags", [case(143, "present only", USER_PRESENT), case(143, "not present", USER_VERIFIED), case(143, "neither", 0)]
)
def test_without_a_password_the_authenticator_verifies_the_person(
    world: World, authenticator: SoftwareAuthenticator, flags: int
) -> None:
    denied(passkey_sign_in(world, authenticator, flags=flags))


def test_rule_144_a_counter_that_does_not_advance_is_refused_and_audited(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    authenticator.sign_count = 41
    passkey_sign_in(world, authenticator).expect(200)
    for copied in (40, 41, -1):
        authenticator.sign_count = copied
        denied(passkey_sign_in(world, authenticator))
    where = f"action = 'passkey.refused' and actor_id = '{session.person.user_id}'"
    details = [
        json.loads(row[0])
        for row in execute(world.server.database, f"select details from audit_events where {where} order by seq")
    ]
    assert details == [{"counter": one, "last_counter": 42} for one in (41, 42, 0)]
    authenticator.sign_count = 42
    passkey_sign_in(world, authenticator).expect(200)


def test_rule_144_a_forged_signature_says_nothing_about_the_counter(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    authenticator.sign_count = 41
    passkey_sign_in(world, authenticator).expect(200)
    forger = SoftwareAuthenticator(authenticator.origin, authenticator.rp_id, credential_id=authenticator.credential_id)
    forger.user_handle = authenticator.user_handle
    denied(passkey_sign_in(world, forger))
    where = f"action = 'passkey.refused' and actor_id = '{session.person.user_id}'"
    assert count(world.server.database, f"select count(*) from audit_events where {where}") == 0


def test_rule_144_of_two_devices_with_one_counter_one_signs_in(
    world: World, authenticator: SoftwareAuthenticator
) -> None:
    first = authenticator.get(request_options(world))
    authenticator.sign_count -= 1
    second = authenticator.get(request_options(world))
    answers = concurrently([lambda: sign_in_by(world, first), lambda: sign_in_by(world, second)])
    assert sorted(answer.status for answer in answers) == [200, 401]


@pytest.mark.parametrize(
    "flags",
    [
        case(144, "it can be copied now", HONEST | BACKUP_ELIGIBLE),
        case(144, "copied, which it cannot be", HONEST | BACKED_UP),
    ],
)
def test_a_key_of_one_device_stays_on_it(world: World, authenticator: SoftwareAuthenticator, flags: int) -> None:
    denied(passkey_sign_in(world, authenticator, flags=flags))


def test_rule_145_every_refusal_looks_the_same(
    world: World, session: Session, authenticator: SoftwareAuthenticator
) -> None:
    unknown = new_authenticator(world)
    unknown.user_handle = authenticator.user_handle
    wrong_key = SoftwareAuthenticator(
        authenticator.origin, authenticator.rp_id, credential_id=authenticator.credential_id
    )
    wrong_key.user_handle = authenticator.user_handle
    removed = passkey_of(world, world.session())
    execute(
        world.server.database,
        f"delete from passkeys where user_handle = {_binary(world, removed.user_handle)} returning 1",
    )
    answers = {
        "unknown": passkey_sign_in(world, unknown),
        "removed": passkey_sign_in(world, removed),
        "wrong key": passkey_sign_in(world, wrong_key),
        "wrong origin": passkey_sign_in(world, authenticator, origin=ELSEWHERE),
        "not verified": passkey_sign_in(world, authenticator, flags=USER_PRESENT),
        "no challenge": sign_in_by(world, authenticator.get({"challenge": b64url(b"x" * 32)})),
        "no base64url": sign_in_by(world, edited(authenticator.get(request_options(world)), signature="=")),
    }
    shapes: dict[str, list[str]] = {}
    for name, answer in answers.items():
        fields = [(key, value) for key, value in denied(answer).fields if key not in CHANGING]
        shapes.setdefault(json.dumps([fields, answer.without_request_id]), []).append(name)
    assert len(shapes) == 1, shapes


def _binary(world: World, value: bytes) -> str:
    return f"x'{value.hex()}'" if world.server.database.url.startswith("sqlite") else f"'\\x{value.hex()}'"


def test_rule_142_a_passkey_starts_a_session_of_its_own_person(world: World) -> None:
    one, other = world.session(), world.session()
    authenticators = [passkey_of(world, each) for each in (one, other)]
    for session, authenticator in zip((one, other), authenticators, strict=True):
        signed_in = session_of(session.person, passkey_sign_in(world, authenticator).expect(200))
        assert me(world.api, signed_in.access).expect(200).data()["email"] == session.person.email
