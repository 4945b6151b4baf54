"""Signed passports, verified as a stranger does: through the DID document and the status list."""

from __future__ import annotations

import gzip
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import unquote

import jwt

from harness.answers import JsonObject
from harness.world import World
from passports.reading import JWT, decoded, read_by_id


def did_document(world: World, did: str) -> JsonObject:
    """As a verifier resolves it (did:web §3.2)."""
    host, _, slug = did.removeprefix("did:web:").partition(":")
    assert world.server.url.endswith(unquote(host))
    answer = world.api.get(f"//{slug}/did.json").expect(200)
    assert answer.header("content-type") == "application/did+json"
    document = answer.object()
    assert document["id"] == did
    return document


def verified(world: World, token: str) -> JsonObject:
    """The credential of a token whose signature and issuer are those of the DID document that its header names."""
    header, _ = decoded(token)
    document = did_document(world, header["kid"].partition("#")[0])
    assert header["kid"] in document["assertionMethod"]
    method = next(one for one in document["verificationMethod"] if one["id"] == header["kid"])
    key = jwt.PyJWK.from_dict(method["publicKeyJwk"])
    credential: JsonObject = jwt.decode(token, key.key, algorithms=["ES256"], options={"verify_aud": False})
    issuer: Any = credential["issuer"]
    assert document["id"] == header["iss"] == (issuer if isinstance(issuer, str) else issuer["id"])
    return credential


def signed(world: World, passport_id: str, **options: Any) -> str:
    return read_by_id(world, passport_id, accept=JWT, **options).expect(200).body.decode()


def status_bit(world: World, credential: JsonObject) -> int:
    """As Bitstring Status List §3.2 reads it; the list is a signed credential of the same issuer."""
    entry = credential["credentialStatus"]
    path = entry["statusListCredential"].removeprefix(world.server.url)
    answer = world.api.get("/" + path).expect(200)
    assert answer.header("content-type") == JWT
    found = verified(world, answer.body.decode())
    assert found["id"] == entry["statusListCredential"]
    assert found["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert found["credentialSubject"]["statusPurpose"] == entry["statusPurpose"] == "revocation"
    encoded = found["credentialSubject"]["encodedList"]
    assert encoded[0] == "u"
    bits = gzip.decompress(urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
    assert len(bits) * 8 >= 131_072
    index = entry["statusListIndex"]
    return int(bits[index // 8] >> 7 - index % 8 & 1)


def rotate(world: World) -> list[JsonObject]:
    keys: list[JsonObject] = (
        world.api.post("/account/passport-keys/rotate", bearer=world.owner.access).expect(200).data()
    )
    return keys
