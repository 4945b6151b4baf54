"""Each algorithm stays with its key, whatever a token's header says. Security rules 42 to 47, 54, 55 and 59."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwk

from attacks.cases import JWT_ALGORITHMS, case, forge_for, forged
from conftest import ServerFactory, checked_for_leaks
from harness.clients import is_accepted
from harness.token_forge import TokenForge, decode, decode_unverified, encode, hmac_token, json_bytes
from harness.world import World, build_world

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
ASYMMETRIC = ("ES256", "EdDSA", "RS256")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module", params=ASYMMETRIC)
def signer(request: pytest.FixtureRequest, new_server: ServerFactory) -> Iterator[World]:
    """A server that signs with a key pair."""
    yield from checked_for_leaks(build_world(new_server(LINKXG_TOKEN_ALGORITHM=str(request.param))))


def jwks(world: World) -> list[dict[str, Any]]:
    body = world.api.get("//.well-known/jwks.json").expect(200).object()
    assert set(body) == {"keys"}
    return list(body["keys"])


def attacker_key(alg: str) -> TokenForge:
    """A key pair of the same kind that the server has never seen."""
    key: jwk.RSAKey | jwk.ECKey | jwk.OKPKey
    if alg == "RS256":
        key = jwk.RSAKey.generate_key(2048, private=True)
    elif alg == "ES256":
        key = jwk.ECKey.generate_key("P-256", private=True)
    else:
        key = jwk.OKPKey.generate_key("Ed25519", private=True)
    return TokenForge({"kid": "evil", "alg": alg, "jwk": key.as_dict(private=True)})


def refuse(world: World, token: str) -> None:
    world.vault.remember("forged token", token)
    world.api.get("/products", bearer=token).expect(401, "invalid_token")


def test_rule_42_genuine_tokens_are_accepted(signer: World) -> None:
    header, _ = decode_unverified(signer.token())
    assert header["alg"] in ASYMMETRIC
    assert header["typ"] == "at+jwt"
    assert is_accepted(signer.api, signer.token())
    assert is_accepted(signer.api, forged(signer))


def test_rule_59_only_public_members_are_published(signer: World) -> None:
    keys = jwks(signer)
    assert decode_unverified(signer.token())[0]["kid"] in {key["kid"] for key in keys}
    for key in keys:
        assert key.keys().isdisjoint(PRIVATE)
        assert key["use"] == "sig"
        assert key["alg"] in ASYMMETRIC
    written = json.dumps(keys)
    for record in signer.server.signing_keys():
        assert not any(record["jwk"].get(name, "absent") in written for name in PRIVATE)


def test_rule_61_metadata_names_the_key_set(signer: World) -> None:
    metadata = signer.api.get("//.well-known/oauth-authorization-server").expect(200).object()
    assert metadata["jwks_uri"] == f"{signer.server.url}/.well-known/jwks.json"


def public_forms(record: dict[str, Any]) -> dict[str, bytes]:
    """Every spelling of the public key that an attacker could use as an HMAC secret."""
    members = {name: value for name, value in record["jwk"].items() if name not in {"use", "key_ops"}}
    key = jwk.import_key(members)
    assert isinstance(key, jwk.RSAKey | jwk.ECKey | jwk.OKPKey)
    public = {name: value for name, value in record["jwk"].items() if name not in PRIVATE}
    pem = key.as_pem(private=False)
    return {
        "PEM": pem,
        "PEM without the last newline": pem.rstrip(b"\n"),
        "DER": key.as_der(private=False),
        "JWK": json_bytes(public),
        "sorted JWK": json.dumps(public, sort_keys=True, separators=(",", ":")).encode(),
        "modulus": decode(public["n"] if "n" in public else public["x"]),
    }


FORM_NAMES = ("PEM", "PEM without the last newline", "DER", "JWK", "sorted JWK", "modulus")


@pytest.mark.parametrize("form", [case(43, name, name) for name in FORM_NAMES])
def test_the_public_key_is_no_hmac_secret(signer: World, form: str) -> None:
    header, claims = decode_unverified(signer.token())
    record = next(key for key in signer.server.signing_keys() if key["kid"] == header["kid"])
    key = public_forms(record)[form]
    refuse(signer, hmac_token(header | {"alg": "HS256"}, claims, key))
    # The header may also lie: it names the right algorithm and carries an HMAC.
    refuse(signer, hmac_token(header, claims, key))


@pytest.mark.parametrize("alg", [case(43, name, name) for name in (*JWT_ALGORITHMS, "none", "ES256K", "PS256")])
def test_another_algorithm_in_the_header_is_refused(signer: World, alg: str) -> None:
    genuine = decode_unverified(signer.token())[0]["alg"]
    if alg == genuine:
        assert is_accepted(signer.api, forged(signer, header={"alg": alg}))
    else:
        refuse(signer, forged(signer, header={"alg": alg}))


@pytest.mark.parametrize("where", [case(47, "jwk", "jwk"), case(47, "kid", "kid"), case(47, "none", "none")])
def test_an_unknown_key_does_not_verify(signer: World, where: str) -> None:
    header, claims = decode_unverified(signer.token())
    forge = attacker_key(header["alg"])
    public = {name: value for name, value in forge.jwk.items() if name not in PRIVATE}
    extras: dict[str, dict[str, Any]] = {"jwk": {"jwk": public}, "kid": {"kid": "evil"}, "none": {}}
    refuse(signer, forge.token(header | extras[where], claims))


def test_rule_54_zero_and_cut_signatures_are_refused(signer: World) -> None:
    head, claims, signature = signer.token().split(".")
    raw = decode(signature)
    for bad in (bytes(len(raw)), raw[:-1], raw + b"\x00", b"\x00" + raw, b"", b"\xff" * len(raw), raw[::-1]):
        refuse(signer, f"{head}.{claims}.{encode(bad)}")


def test_rule_55_a_second_signature_of_a_revoked_token_stays_revoked(signer: World) -> None:
    """ECDSA lets anybody turn (r, s) into (r, -s): revocation must not look at the spelling."""
    oauth = signer.new_client("products:read")
    token = str(signer.api.post("/oauth/token", form=oauth.form, reveals=True).expect(200).object()["access_token"])
    assert is_accepted(signer.api, token)
    signer.api.post("/oauth/revoke", form={"token": token, "client_id": oauth.client_id,
                                           "client_secret": oauth.client_secret}).expect(200)  # fmt: skip
    assert not is_accepted(signer.api, token)
    header, claims, signature = token.split(".")
    alg = decode_unverified(token)[0]["alg"]
    twins = [forge_for(signer).token(*decode_unverified(token))]
    if alg == "ES256":
        raw = decode(signature)
        mirrored = P256_ORDER - int.from_bytes(raw[32:], "big")
        twins.append(f"{header}.{claims}.{encode(raw[:32] + mirrored.to_bytes(32, 'big'))}")
        der = hmac.new(b"", raw, hashlib.sha256).digest() + raw[32:]
        twins.append(f"{header}.{claims}.{encode(der)}")
    for twin in twins:
        refuse(signer, twin)


def test_rule_43_a_token_of_another_server_is_rejected(signer: World, new_server: ServerFactory) -> None:
    """Same algorithm, same issuer text, other key."""
    header, claims = decode_unverified(signer.token())
    stranger = attacker_key(header["alg"])
    refuse(signer, stranger.token(header, claims))
