"""Credentials that no authenticator makes: keys, members and sizes that are refused before they are decoded."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest

from attacks.cases import case
from harness.authenticator import (
    SoftwareAuthenticator,
    b64url,
    cose_key,
    new_key,
)
from harness.passkeys import (
    creation_options,
    edited,
    list_passkeys,
    new_authenticator,
    passkey_sign_in,
    register,
    request_options,
    sign_in_by,
)
from harness.people import Session
from harness.world import World

# 85 ms of a decoder's time each: a number whose exponent is of its sender's choice.
COSTLY = bytes.fromhex("c5821a000fffff01")


_P256 = cose_key(new_key("ES256"))


KEYS: list[Any] = [
    case(146, "a point beside the curve", _P256 | {-3: b"\x01" * 32}),
    case(146, "another curve", _P256 | {-1: 2}),
    case(146, "a curve of another algorithm", _P256 | {3: -257}),
    case(146, "an algorithm that was not offered", _P256 | {3: -36}),
    case(146, "a long coordinate", _P256 | {-2: b"\x01" * 64}),
    case(146, "no coordinate", {1: 2, 3: -7, -1: 1}),
    case(146, "a short RSA key", {1: 3, 3: -257, -1: b"\xff" * 128, -2: b"\x01\x00\x01"}),
    case(146, "an endless RSA key", {1: 3, 3: -257, -1: b"\xff" * 1024, -2: b"\x01\x00\x01"}),
    case(146, "a slow RSA exponent", {1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\xff" * 256}),
    case(146, "a symmetric key", {1: 4, 3: 5, -1: b"\x01" * 32}),
    case(146, "no key", {}),
    case(146, "no map", [1, 2]),
    case(146, "a text for the algorithm", _P256 | {3: "ES256"}),
    case(146, "a costly number", b"\xa2\x01\x02\x20" + COSTLY),
    case(146, "an indefinite length", b"\xbf\x01\x02\xff"),
    case(146, "a nested key", b"\x81" * 200 + b"\x00"),
    case(146, "a long key", b"\x5b\x00\x00\x00\x0f\xff\xff\xff\xff"),
]


@pytest.mark.parametrize("public_key", KEYS)
def test_only_keys_of_known_kinds_are_registered(world: World, session: Session, public_key: Any) -> None:
    credential = new_authenticator(world).create(creation_options(world, session), public_key=public_key)
    register(world, session, credential).expect(422, "validation_failed")
    assert len(list_passkeys(world, session)) == 1


@pytest.mark.parametrize(
    "extensions",
    [
        case(146, "costly numbers", b"\x98\x78" + COSTLY * 120),
        case(146, "one costly number", b"\xa1\x61a" + COSTLY),
        case(146, "a deep nest", b"\x81" * 1_000 + b"\x00"),
        case(146, "nothing", b"\xff"),
        case(146, "more than one", b"\xa0\xa0"),
    ],
)
def test_what_a_stranger_sends_is_not_decoded(
    world: World, authenticator: SoftwareAuthenticator, extensions: bytes
) -> None:
    """Security rule L8: the library would decode it before it knows who has signed it."""
    with world.server.process.within_cpu_seconds(2):
        passkey_sign_in(world, authenticator, extensions=extensions).expect(401, "invalid_credentials")
    passkey_sign_in(world, authenticator, extensions=cbor2.dumps({"credProtect": 2})).expect(200)


MALFORMED: list[Any] = [
    case(146, "empty", {"clientDataJSON": ""}),
    case(146, "padded", {"signature": "AA=="}),
    case(146, "not base64url", {"signature": "a+b/"}),
    case(146, "short authenticator data", {"authenticatorData": b64url(b"\x00" * 36)}),
    case(146, "no JSON", {"clientDataJSON": b64url(b"{")}),
    case(146, "a list", {"clientDataJSON": b64url(b"[]")}),
    case(146, "a byte order mark", {"clientDataJSON": b64url(b"\xef\xbb\xbf{}")}),
    case(146, "a repeated member", {"clientDataJSON": b64url(b'{"type":"webauthn.get","type":"webauthn.get"}')}),
    case(146, "too long", {"clientDataJSON": b64url(b" " * 1_600)}),
    case(146, "a control character", {"userHandle": "\u007f"}),
]


@pytest.mark.parametrize("members", MALFORMED)
def test_malformed_credentials_are_refused(
    world: World, authenticator: SoftwareAuthenticator, members: dict[str, Any]
) -> None:
    answer = sign_in_by(world, edited(authenticator.get(request_options(world)), **members))
    assert (answer.status, answer.object()["error"]) in ((401, "invalid_credentials"), (400, "invalid_request"))


def test_rule_146_the_body_of_a_stranger_is_bounded(world: World, authenticator: SoftwareAuthenticator) -> None:
    credential = edited(authenticator.get(request_options(world)), authenticatorData=b64url(b"\x00" * 4_000))
    sign_in_by(world, credential).expect(413, "payload_too_large")


def test_rule_146_a_registration_is_bounded(world: World, session: Session) -> None:
    options = creation_options(world, session)
    statement = {"fmt": "packed", "attStmt": {"sig": b"\x00" * 13_000}}
    register(world, session, new_authenticator(world).create(options, statement=statement)).expect(
        422, "validation_failed"
    )
