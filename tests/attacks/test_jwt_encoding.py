"""An access token is valid in one encoding only. Security rules 43, 53, 54 and 56."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from attacks.cases import case, forge_for, forged, present, refused
from harness.clients import is_accepted
from harness.token_forge import decode, decode_unverified, encode, json_bytes
from harness.world import World

DOUBLES: dict[str, tuple[bool, bytes]] = {
    "alg twice": (True, b'"alg":"HS256"'),
    "kid twice": (True, b'"kid":"other"'),
    "typ twice": (True, b'"typ":"at+jwt"'),
    "exp twice": (False, b'"exp":9999999999'),
    "sub twice": (False, b'"sub":"other"'),
    "scope twice": (False, b'"scope":"products:write"'),
    "iss twice": (False, b'"iss":"https://evil.example"'),
    "unknown twice": (False, b'"a":1,"a":1'),
}


@pytest.mark.parametrize(("in_header", "member"), [case(54, name, *row) for name, row in DOUBLES.items()])
@pytest.mark.parametrize("first", [case(54, "in front", True), case(54, "behind", False)])
def test_repeated_members_are_refused(world: World, in_header: bool, member: bytes, first: bool) -> None:
    def doubled(original: bytes) -> bytes:
        inside = original[1:-1]
        return b"{" + (member + b"," + inside if first else inside + b"," + member) + b"}"

    header, claims = (json_bytes(part) for part in decode_unverified(world.token()))
    token = forge_for(world).sign_json(doubled(header) if in_header else header,
                                  claims if in_header else doubled(claims))  # fmt: skip
    refused(present(world, token))


NOT_OBJECTS = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "number": b"1",
    "text": b'"text"',
    "cut": b'{"alg":"HS256"',
    "trailing": b"{}{}",
    "invalid UTF-8": b'{"alg":"\xff"}',
    "UTF-16": '{"alg":"HS256"}'.encode("utf-16"),
    "deep": b"[" * 3000 + b"]" * 3000,
    "deep in object": b'{"a":' * 400 + b"1" + b"}" * 400,
    "byte order mark": b"\xef\xbb\xbf{}",
    "lone surrogate": b'{"alg":"\\ud800"}',
}


@pytest.mark.parametrize("part", [case(54, name, value) for name, value in NOT_OBJECTS.items()])
@pytest.mark.parametrize("in_header", [case(54, "header", True), case(54, "claims", False)])
def test_parts_that_are_not_json_objects_are_rejected(world: World, part: bytes, in_header: bool) -> None:
    header, claims = (json_bytes(value) for value in decode_unverified(world.token()))
    token = forge_for(world).sign_json(part if in_header else header, claims if in_header else part)
    refused(present(world, token))


def test_rule_54_a_byte_order_mark_before_good_claims_is_refused(world: World) -> None:
    header, claims = (json_bytes(value) for value in decode_unverified(world.token()))
    refused(present(world, forge_for(world).sign_json(header, b"\xef\xbb\xbf" + claims)))


@pytest.mark.parametrize("alg", [case(43, name, name) for name in ("none", "None", "NONE", "nOnE", "noNe")])
@pytest.mark.parametrize(
    "signature", [case(43, "empty", ""), case(43, "kept", "{SIGNATURE}"), case(43, "one byte", "AA")]
)
def test_unsigned_tokens_are_refused(world: World, alg: str, signature: str) -> None:
    genuine = world.token()
    header, claims = decode_unverified(genuine)
    kept = signature.replace("{SIGNATURE}", genuine.split(".")[2])
    refused(present(world, f"{encode(json_bytes(header | {'alg': alg}))}.{encode(json_bytes(claims))}.{kept}"))


SPELLINGS: dict[str, tuple[int, Callable[[list[str]], str]]] = {
    "no signature": (56, lambda part: f"{part[0]}.{part[1]}."),
    "two parts": (56, lambda part: f"{part[0]}.{part[1]}"),
    "one part": (56, lambda part: part[0]),
    "only dots": (56, lambda part: ".."),
    "four dots": (56, lambda part: "...."),
    "four parts": (56, lambda part: ".".join([*part, part[2]])),
    "five parts": (56, lambda part: ".".join([*part, part[2], part[2]])),
    "trailing dot": (56, lambda part: ".".join(part) + "."),
    "leading dot": (56, lambda part: "." + ".".join(part)),
    "empty header": (56, lambda part: f".{part[1]}.{part[2]}"),
    "empty claims": (56, lambda part: f"{part[0]}..{part[2]}"),
    "signature padded": (54, lambda part: ".".join(part) + "="),
    "header padded": (54, lambda part: f"{part[0]}==.{part[1]}.{part[2]}"),
    "claims padded": (54, lambda part: f"{part[0]}.{part[1]}==.{part[2]}"),
    "signature cut": (54, lambda part: ".".join(part)[:-1]),
    "signature longer": (54, lambda part: ".".join(part) + "A"),
    "signature halved": (54, lambda part: f"{part[0]}.{part[1]}.{part[2][:20]}"),
    "signature changed": (43, lambda part: f"{part[0]}.{part[1]}.{swapped(part[2])}"),
    "signature zero": (43, lambda part: f"{part[0]}.{part[1]}.{encode(bytes(len(decode(part[2]))))}"),
    "claims changed": (43, lambda part: f"{part[0]}.{widened(part[1])}.{part[2]}"),
    "parts swapped": (56, lambda part: f"{part[1]}.{part[0]}.{part[2]}"),
    "JSON serialisation": (
        56,
        lambda part: json.dumps({"payload": part[1], "protected": part[0], "signature": part[2]}),
    ),
}


def swapped(segment: str) -> str:
    return ("A" if segment[0] != "A" else "B") + segment[1:]


def widened(segment: str) -> str:
    claims = json.loads(decode(segment))
    return encode(json_bytes(claims | {"scope": "products:read products:write imports:write"}))


@pytest.mark.parametrize("spell", [case(rule, name, make) for name, (rule, make) in SPELLINGS.items()])
def test_other_encodings_of_a_genuine_token_are_rejected(world: World, spell: Callable[[list[str]], str]) -> None:
    genuine = world.token()
    answer = present(world, spell(genuine.split(".")))
    # A value that is no token68 is a malformed header (security rule 33); everything else is a bad token.
    answer.expect_one_of((401, "invalid_token"), (400, "invalid_request"))
    assert is_accepted(world.api, genuine), "the genuine spelling has to stay good"


@pytest.mark.parametrize("index", [case(54, "header", 0), case(54, "claims", 1), case(54, "signature", 2)])
def test_non_canonical_endings_are_refused(world: World, index: int) -> None:
    """The last character of unpadded base64 has bits that decoders drop: a second spelling of one token."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    forge, genuine = forge_for(world), world.token()
    header, claims = decode_unverified(genuine)
    # Lengthen the part until its last character has spare bits.
    for pad in ("", "a", "aa"):
        made = forge.token(header | ({"pad": pad} if index == 0 and pad else {}),
                           claims | ({"pad": pad} if index == 1 and pad else {}))  # fmt: skip
        part = made.split(".")
        if len(part[index]) % 4:
            break
    last = part[index][-1]
    part[index] = part[index][:-1] + alphabet[alphabet.index(last) + 1]
    signed = f"{part[0]}.{part[1]}"
    if index < 2:  # the twin is signed as it stands, so that only its spelling can be the reason
        part[2] = encode(forge.sign(signed.encode()))
    refused(present(world, ".".join(part)))


def test_rule_54_standard_alphabet_is_refused(world: World) -> None:
    forge = forge_for(world)
    for attempt in range(200):
        token = forge.with_changes(world.token(), claims={"jti": f"{attempt}-{uuid4()}"})
        twin = token.replace("-", "+").replace("_", "/")
        if twin != token:
            present(world, twin).expect_one_of((401, "invalid_token"), (400, "invalid_request"))
            return
    raise AssertionError("no token used the characters in question")


@pytest.mark.parametrize("size", [case(53, "9 KiB", 9 * 1024), case(53, "16 KiB", 16 * 1024)])
def test_long_tokens_are_refused(world: World, size: int) -> None:
    refused(present(world, forged(world, claims={"pad": "p" * size})))


def test_rule_53_long_garbage_is_refused_quickly(world: World) -> None:
    with world.server.process.within_cpu_seconds(1):
        answer = present(world, ".".join(["a" * 9000] * 3))
    refused(answer)
