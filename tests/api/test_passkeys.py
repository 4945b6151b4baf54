"""Passkeys over the API: registered, used to sign in, renamed and removed."""

from __future__ import annotations

import pytest

from harness.authenticator import BACKED_UP, BACKUP_ELIGIBLE, HONEST, b64url, from_b64url, new_key
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
    sign_in_by,
)
from harness.people import me, refresh, session_of, sign_in
from harness.rows import scalar
from harness.token_forge import decode_unverified
from harness.world import World

SYNCED = HONEST | BACKUP_ELIGIBLE | BACKED_UP


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_registered_passkey_signs_in(world: World, algorithm: str) -> None:
    person = world.person()
    session = sign_in(world.api, person)
    authenticator = new_authenticator(world, key=new_key(algorithm))
    add_passkey(world, session, authenticator)
    for _ in range(2):
        signed_in = session_of(person, passkey_sign_in(world, authenticator).expect(200))
        assert me(world.api, signed_in.access).expect(200).data()["id"] == person.user_id


def test_the_session_says_how_the_person_signed_in(world: World) -> None:
    """RFC 8176: a key of one device, or one that its provider syncs; the person was there, and was verified."""
    person = world.person()
    session = sign_in(world.api, person)
    for flags, method in ((HONEST, "hwk"), (SYNCED, "swk")):
        answer = passkey_sign_in(world, passkey_of(world, session, flags=flags)).expect(200)
        signed_in = session_of(person, answer)
        claims = decode_unverified(signed_in.access)[1]
        assert claims["amr"] == [method, "user", "mfa"]
        again = session_of(person, refresh(world.api, signed_in.refresh).expect(200))
        later = decode_unverified(again.access)[1]
        assert (later["amr"], later["auth_time"]) == (claims["amr"], claims["auth_time"])
        session = again


def test_options_for_a_new_passkey_ask_for_what_is_stored(world: World) -> None:
    session = world.session()
    first = passkey_of(world, session)
    options = creation_options(world, renewed(world, session))
    assert options["rp"]["id"] == "127.0.0.1"
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert [one["id"] for one in options["excludeCredentials"]] == [b64url(first.credential_id)]
    assert {one["alg"] for one in options["pubKeyCredParams"]} == {-7, -8, -257}
    # The handle is the same for all passkeys of a person, and says nothing about them.
    handle = from_b64url(options["user"]["id"])
    assert handle == first.user_handle
    assert len(handle) == 32
    assert session.person.user_id.replace("-", "") not in handle.hex()


def test_options_for_a_sign_in_are_the_same_for_everybody(world: World) -> None:
    options = request_options(world)
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert options["challenge"] != request_options(world)["challenge"]


def test_a_passkey_shows_what_its_person_needs_to_know(world: World) -> None:
    session = world.session()
    authenticator = new_authenticator(world, flags=HONEST | BACKUP_ELIGIBLE)
    added = add_passkey(world, session, authenticator, "Phone")
    (shown,) = list_passkeys(world, session)
    assert shown["id"] == added
    assert shown["name"] == "Phone"
    assert shown["aaguid"] == "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4"
    assert shown["transports"] == ["internal"]
    assert (shown["synced"], shown["lastUsedAt"]) == (False, None)
    # The authenticator's provider has copied it meanwhile.
    passkey_sign_in(world, authenticator, flags=SYNCED).expect(200)
    (shown,) = list_passkeys(world, session)
    assert shown["synced"] is True
    assert shown["lastUsedAt"] is not None


def test_passkeys_without_a_name_are_numbered_and_can_be_renamed(world: World) -> None:
    session = world.session()
    first = add_passkey(world, session, new_authenticator(world))
    session = renewed(world, session)
    second = add_passkey(world, session, new_authenticator(world))
    assert [one["name"] for one in list_passkeys(world, session)] == ["Passkey 1", "Passkey 2"]
    path = f"/auth/factors/{second}"
    renamed = world.api.patch(path, bearer=session.access, json={"name": " Größe "}).expect(200).data()
    assert renamed["name"] == "Größe"
    for name in ("", "  ", "x" * 101, "two\nlines"):
        refused = world.api.patch(path, bearer=session.access, json={"name": name})
        assert refused.status in (400, 422), name
    assert [one["name"] for one in list_passkeys(world, session)] == ["Passkey 1", "Größe"]
    assert first != second


def test_a_person_has_at_most_twenty_passkeys(world: World) -> None:
    session = world.session()
    last = creation_options(world, session)
    for _ in range(20):
        session = renewed(world, session)
        add_passkey(world, session, new_authenticator(world))
    session = renewed(world, session)
    world.api.post("/auth/factors/passkeys/options", bearer=session.access).expect(409, "conflict")
    register(world, session, new_authenticator(world).create(last)).expect(409, "conflict")
    assert len(list_passkeys(world, session)) == 20


def test_a_passkey_without_a_counter_signs_in_again_and_again(world: World) -> None:
    person = world.person()
    authenticator = passkey_of(world, sign_in(world.api, person), counts=False)
    for _ in range(2):
        passkey_sign_in(world, authenticator).expect(200)


def test_an_authenticator_that_sends_its_attestation_is_accepted(world: World) -> None:
    """It was not asked for, and is not read: of a certificate that cannot be checked, nothing follows."""
    session = world.session()
    authenticator = new_authenticator(world)
    statement = {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"none", "x5c": [b"no certificate"]}}
    register(world, session, authenticator.create(creation_options(world, session), statement=statement)).expect(201)
    passkey_sign_in(world, authenticator).expect(200)


def test_a_new_passkey_and_its_use_are_recorded(world: World) -> None:
    session = world.session()
    passkey_of(world, session)
    where = f"target = '{session.person.user_id}' and action = 'factor.added'"
    details = scalar(world.server.database, f"select details from audit_events where {where}")
    assert '"method":"passkey"' in details.replace(" ", "")


def test_a_person_who_is_removed_leaves_no_passkey(world: World) -> None:
    person = world.person()
    authenticator = passkey_of(world, sign_in(world.api, person))
    world.api.delete(f"/account/users/{person.user_id}", bearer=world.owner.access).expect(204)
    sign_in_by(world, authenticator.get(request_options(world))).expect(401, "invalid_credentials")
