"""A signed passport is validated, and the answer says whether its signature was checked; nothing is fetched."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from harness.answers import Answer, JsonObject
from harness.world import World
from passports.contents import FULL
from passports.reading import CREDENTIAL, JWT, decoded, issued, read_by_id
from passports.signatures import rotate, signed


def validate(world: World, text: str | bytes, kind: str = JWT) -> Answer:
    content = text if isinstance(text, bytes) else text.encode()
    return world.api.post("/dpp/validate", bearer=world.owner.access, content=content, headers={"Content-Type": kind})


def checked(world: World, text: str) -> JsonObject:
    found: JsonObject = validate(world, text).expect(200).data()
    return found


def errors(found: JsonObject) -> set[tuple[str, str]]:
    return {(one["code"], one["pointer"]) for one in found["findings"] if one["severity"] == "error"}


def part(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def resigned(token: str, *, header: JsonObject | None = None, payload: JsonObject | None = None) -> str:
    """With other parts under the same signature, which is wrong then."""
    first, second = decoded(token)
    return ".".join([part(first | (header or {})), part(second | (payload or {})), token.rpartition(".")[2]])


@pytest.fixture(scope="module")
def token(world: World) -> str:
    return signed(world, issued(world, **FULL)[1])


def test_what_is_emitted_is_valid_and_its_signature_is_checked(world: World, token: str) -> None:
    found = checked(world, token)
    assert errors(found) == set()
    assert found["valid"]
    assert (found["signature"]["checked"], found["signature"]["valid"]) == (True, True)
    rotate(world)
    assert checked(world, f"{token}\n")["signature"]["valid"], "what a retired key has signed stays valid"


def test_an_unsigned_passport_has_no_signature(world: World) -> None:
    unsigned = read_by_id(world, issued(world, **FULL)[1], accept=CREDENTIAL).expect(200).body
    for kind in (CREDENTIAL, "application/json", "application/ld+json; charset=utf-8", "application/vc+ld+json"):
        found = validate(world, unsigned, kind).expect(200).data()
        assert (found["valid"], found["signature"]) == (True, None)


@pytest.mark.any_engine
def test_a_changed_passport_is_not_valid(world: World, token: str) -> None:
    for other in (resigned(token, payload={"name": "Another"}), token[:-6] + "AAAAAA"):
        found = checked(world, other)
        assert not found["valid"]
        assert (found["signature"]["checked"], found["signature"]["valid"]) == (True, False)
        assert ("signature", "") in errors(found)


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("header", "code"),
    [({"alg": "none"}, ("algorithm", "")), ({"alg": "HS256"}, ("algorithm", "")), ({"kid": "x"}, ("header", "")),
     ({"kid": "did:web:other.example#1"}, ("issuer", "/issuer")),
     ({"iss": "did:web:other.example"}, ("issuer", "/issuer"))],
)  # fmt: skip
def test_the_header_is_checked(world: World, token: str, header: JsonObject, code: tuple[str, str]) -> None:
    found = checked(world, resigned(token, header=header))
    assert code in errors(found)
    assert found["signature"]["valid"] is False


@pytest.mark.any_engine
def test_the_signature_of_another_issuer_is_not_checked_and_the_content_is(world: World, token: str) -> None:
    """No address of the issuer is asked: a service that fetched it could be sent anywhere."""
    did = "did:web:127.0.0.1%3A1:acme"
    payload = {"issuer": {"type": ["CredentialIssuer"], "id": did, "name": "Other"}, "validFrom": "yesterday"}
    found = checked(world, resigned(token, header={"kid": f"{did}#1", "iss": did}, payload=payload))
    assert (found["signature"]["checked"], found["signature"]["valid"]) == (False, None)
    assert did in found["signature"]["message"]
    assert "signature" not in {code for code, _ in errors(found)}
    assert "/validFrom" in {pointer for _, pointer in errors(found)}


@pytest.mark.any_engine
@pytest.mark.parametrize(
    "text",
    ["", "a.b", "a.b.c.d", "eyJ9.e30.", "e30=.e30.AA", f"{part([])}.e30.AA", "e30.e31.AA", "e30.e30.A", "/w.e30.AA",
     "e30.eyJhIjoxLCJhIjoyfQ.AA"],
)  # fmt: skip
def test_what_is_no_jws_is_said_plainly(world: World, text: str) -> None:
    found = checked(world, text or " ")
    assert not found["valid"]
    assert found["signature"] is None
    assert [one["code"] for one in found["findings"]] == ["jws"]


@pytest.mark.any_engine
def test_other_bodies_are_refused(world: World, token: str) -> None:
    validate(world, token, "text/plain").expect(415, "unsupported_media_type")
    validate(world, "ä".encode()).expect(400, "invalid_request")
    validate(world, "[]", "application/json").expect(422, "validation_failed")
    validate(world, "{", "application/vc").expect(400, "invalid_request")
    validate(world, b"x" * 300_000).expect(413, "payload_too_large")
    coded = {"Content-Type": JWT, "Content-Encoding": "gzip"}
    answer = world.api.post("/dpp/validate", bearer=world.owner.access, content=token.encode(), headers=coded)
    answer.expect(415, "unsupported_media_type")
