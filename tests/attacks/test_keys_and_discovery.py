"""Published keys and metadata are correct, and hold nothing private. Security rules 59 to 62."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from attacks.cases import case, challenge, forge_for
from harness.clients import SCOPES, is_accepted, request_token
from harness.people import me, sign_in
from harness.token_forge import decode_unverified
from harness.world import World

AUTHORIZATION_SERVER = "//.well-known/oauth-authorization-server"
PROTECTED_RESOURCE = "//.well-known/oauth-protected-resource"
JWKS = "//.well-known/jwks.json"
HEARD_WITHIN_S = 1.0
WorldFactory = Callable[..., World]


def test_rule_59_symmetric_keys_are_never_published(world: World) -> None:
    answer = world.api.get(JWKS).expect(200)
    assert answer.object() == {"keys": []}
    for record in world.server.signing_keys():
        assert record["jwk"]["k"].encode() not in answer.body


def test_rule_61_metadata_names_the_enabled_features(world: World) -> None:
    metadata = world.api.get(AUTHORIZATION_SERVER).expect(200).object()
    assert metadata["issuer"] == decode_unverified(world.token())[1]["iss"] == world.server.url
    base = f"{world.server.url}/api/v1/oauth"
    assert metadata["token_endpoint"] == f"{base}/token"
    assert metadata["revocation_endpoint"] == f"{base}/revoke"
    assert metadata["introspection_endpoint"] == f"{base}/introspect"
    assert metadata["grant_types_supported"] == ["client_credentials"]
    methods = {"client_secret_basic", "client_secret_post", "private_key_jwt"}
    assert set(metadata["token_endpoint_auth_methods_supported"]) == methods
    assert set(metadata["scopes_supported"]) == set(SCOPES)
    # RFC 8414 §2: claims with zero elements are left out.
    assert all(value != [] for value in metadata.values()), metadata
    assert not {"authorization_endpoint", "registration_endpoint"} & metadata.keys()


def test_rule_61_every_published_address_answers(world: World) -> None:
    metadata = world.api.get(AUTHORIZATION_SERVER).expect(200).object()
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        world.api.post("/" + urlsplit(metadata[name]).path, form={"a": "b"}).expect(401, "invalid_client")
    # RFC 8414 leaves jwks_uri optional; a server without public keys may leave it out.
    world.api.get("/" + urlsplit(metadata.get("jwks_uri", f"{world.server.url}{JWKS[1:]}")).path).expect(200)


def test_rule_62_the_resource_names_its_authorization_server(world: World) -> None:
    body = world.api.get(PROTECTED_RESOURCE).expect(200).object()
    audience = decode_unverified(world.token())[1]["aud"]
    assert body["resource"] in ({audience} if isinstance(audience, str) else set(audience))
    assert body["authorization_servers"] == [world.server.url]
    assert set(body["scopes_supported"]) == set(SCOPES)
    assert body["bearer_methods_supported"] == ["header"]


def test_rule_62_the_challenge_points_to_the_metadata(world: World) -> None:
    value = challenge(world.api.get("/products").expect(401, "invalid_token"))
    assert 'resource_metadata="' in value
    address = value.partition('resource_metadata="')[2].partition('"')[0]
    assert address.startswith(world.server.url)
    world.api.get("/" + urlsplit(address).path).expect(200)


@pytest.mark.parametrize("path", [case(61, name, name) for name in (AUTHORIZATION_SERVER, PROTECTED_RESOURCE, JWKS)])
def test_discovery_is_read_only_and_echoes_nothing(world: World, path: str) -> None:
    world.api.post(path, json={}).expect(405, "method_not_allowed")
    hostile = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"),
               ("X-Forwarded-Proto", "gopher"), ("Forwarded", "host=evil.example")]  # fmt: skip
    for header in hostile:
        answer = world.api.get(path, headers=[header])
        assert b"evil.example" not in answer.body
        assert b"gopher" not in answer.body


@pytest.mark.parametrize("algorithm", [case(60, name, name) for name in ("HS256", "ES256")])
def test_rule_60_rotation_is_seamless_and_retirement_is_immediate(fresh_world: WorldFactory, algorithm: str) -> None:
    world = fresh_world(LINKXG_TOKEN_ALGORITHM=algorithm)
    session = sign_in(world.api, world.account.owner)
    before = world.token()
    stolen = forge_for(world)
    published = published_kids(world)

    world.server.command("keys", "rotate")
    for _ in range(5):  # whichever key signs now, nobody notices
        assert is_accepted(world.api, before)
        assert is_accepted(world.api, world.token())
    if algorithm == "ES256":
        assert len(eventually(lambda: published_kids(world) - published)) == 1, "published before it signs"
        assert decode_unverified(world.token())[0]["kid"] in published, "signs only when caches had time to learn of it"

    # Somebody has read the key file: the operator retires the key, and whatever it signed is dead.
    world.server.command("keys", "retire", stolen.kid)
    fresh = [str(request_token(world.api, world.oauth).expect(200).object()["access_token"]) for _ in range(3)]
    assert all(decode_unverified(token)[0]["kid"] != stolen.kid for token in fresh)
    assert not is_accepted(world.api, before)
    assert not is_accepted(
        world.api, world.vault.remember("forged token", stolen.with_changes(before, claims={"jti": "new"}))
    )
    me(world.api, session.access).expect(401, "invalid_token")
    assert all(is_accepted(world.api, token) for token in fresh)
    assert stolen.kid not in published_kids(world)


def published_kids(world: World) -> set[str]:
    """The key ids of the JWK set."""
    return {key["kid"] for key in world.api.get(JWKS).expect(200).object()["keys"]}


def eventually(find: Callable[[], set[str]]) -> set[str]:
    """What is found as soon as it is not empty; a change may take a second to be heard (promise R4)."""
    deadline = time.monotonic() + HEARD_WITHIN_S
    while not (found := find()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def test_rule_60_keys_list_shows_no_secret(world: World) -> None:
    listed = world.server.command("keys", "list", "--json").decode()
    assert {entry["kid"] for entry in json.loads(listed)} == {key["kid"] for key in world.server.signing_keys()}
    assert not any(key["jwk"]["k"] in listed for key in world.server.signing_keys())
