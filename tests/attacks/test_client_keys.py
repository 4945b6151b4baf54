"""How the keys of a client are registered, fetched and removed. Security rules 269 to 271 and 274."""

from __future__ import annotations

import contextlib
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey

from attacks.cases import case
from attacks.test_client_assertions import denied
from harness.client_assertions import (
    KeyClient,
    add_key,
    issuer_of,
    make_key_client,
    new_key,
    public,
    set_methods,
    sign,
)
from harness.clients import make_client
from harness.openid_provider import OpenIdProvider, send
from harness.world import World

PUBLISHED = new_key("ES256", "first")


def keys_of(world: World, client_id: str) -> list[dict[str, Any]]:
    answer = world.api.get(f"/oauth/clients/{client_id}/keys", bearer=world.owner.access)
    found: list[dict[str, Any]] = answer.expect(200).object()["keys"]
    return found


def pem_of(key: Any) -> str:
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def test_rule_269_a_private_key_is_refused_and_not_repeated(world: World) -> None:
    client_id = make_client(world.api, world.owner).client_id
    for algorithm in ("ES256", "EdDSA", "RS256"):
        key = new_key(algorithm)
        private = key.as_dict(private=True)
        secret = world.vault.remember("private key", str(private["d"])[:40])
        answer = add_key(world.api, world.owner, client_id, jwk={**private}).expect(400, "invalid_request")
        assert "private key" in answer.object()["error_description"]
        assert secret not in str(answer.object())
        pem = key.as_pem(private=True).decode()
        refused = add_key(world.api, world.owner, client_id, pem=pem).expect(400, "invalid_request")
        assert "private key" in refused.object()["error_description"]
    add_key(world.api, world.owner, client_id, jwk={**OctKey.generate_key(256).as_dict()}).expect(
        400, "invalid_request"
    )
    assert keys_of(world, client_id) == []


WEAK: dict[str, Any] = {
    "rsa of 1024 bits": lambda: {"pem": pem_of(rsa.generate_private_key(65_537, 1_024).public_key())},
    "exponent 1": lambda: {"jwk": public(new_key("RS256"), e="AQ")},
    "huge exponent": lambda: {"jwk": public(new_key("RS256"), e=public(new_key("RS256"))["n"])},
    "huge modulus": lambda: {"jwk": public(new_key("RS256"), n="_" * 2_800)},
    "curve p-384": lambda: {"jwk": public(ECKey.generate_key("P-384"))},
    "curve secp256k1": lambda: {"pem": pem_of(ec.generate_private_key(ec.SECP256K1()).public_key())},
    "point not on the curve": lambda: {"jwk": public(new_key(), y=public(new_key())["y"])},
    "key for encryption": lambda: {"jwk": public(new_key(), use="enc")},
    "operations without verify": lambda: {"jwk": public(new_key(), key_ops=["encrypt"])},
    "algorithm hs256": lambda: {"jwk": public(new_key(), alg="HS256")},
    "no type": lambda: {"jwk": {"kid": "x"}},
    "type as a list": lambda: {"jwk": public(new_key(), kty=["EC"])},
    "number as kid": lambda: {"jwk": public(new_key(), kid=7)},
    "long kid": lambda: {"jwk": public(new_key(), kid="k" * 101)},
    "no pem": lambda: {"pem": "hello"},
    "certificate": lambda: {"pem": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"},
    "nothing": dict,
    "two at once": lambda: {"jwk": public(new_key()), "jwks_uri": "https://keys.example/jwks"},
    "not https": lambda: {"jwks_uri": "http://keys.example/jwks"},
    "credentials in the address": lambda: {"jwks_uri": "https://a:b@keys.example/jwks"},
    "a key set": lambda: {"jwk": {"keys": [public(new_key())]}},
}  # fmt: skip


@pytest.mark.parametrize("name", [case(269, name, name) for name in WEAK])
def test_weak_and_odd_keys_are_refused(world: World, name: str) -> None:
    add_key(world.api, world.owner, world.oauth.client_id, **WEAK[name]()).expect(400, "invalid_request")


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_key_is_registered_in_pem_and_gets_its_thumbprint_as_kid(world: World, algorithm: str) -> None:
    oauth, key = make_client(world.api, world.owner), new_key(algorithm)
    pem = key.as_pem(private=False).decode()
    stored = add_key(world.api, world.owner, oauth.client_id, pem=pem).expect(201).object()
    assert stored["jwk"]["kid"] == key.thumbprint()
    machine = KeyClient(world.api, oauth, issuer_of(world.api), key, algorithm)
    machine.request(machine.assertion({"kid": stored["jwk"]["kid"]})).expect(200)
    # Of a client with one key of this type, an assertion need not name it.
    machine.request(machine.assertion({"kid": None})).expect(200)


def test_rule_269_a_client_has_two_keys_at_most(world: World) -> None:
    machine = make_key_client(world)
    second = new_key()
    add_key(world.api, world.owner, machine.client_id, jwk=public(second, kid=machine.key.kid)).expect(409, "conflict")
    add_key(world.api, world.owner, machine.client_id, jwk=public(machine.key, kid="b")).expect(409, "conflict")
    add_key(world.api, world.owner, machine.client_id, jwks_uri="https://keys.example/jwks").expect(409, "conflict")
    add_key(world.api, world.owner, machine.client_id, jwk=public(second)).expect(201)
    add_key(world.api, world.owner, machine.client_id, jwk=public(new_key())).expect(409, "conflict")
    machine.token()
    machine.request(sign(second, machine.claims())).expect(200)
    assert set(keys_of(world, machine.client_id)[0]["jwk"]) == {"crv", "kid", "kty", "x", "y"}


def test_rule_269_of_many_registrations_at_once_two_succeed(world: World) -> None:
    client_id = make_client(world.api, world.owner).client_id
    with ThreadPoolExecutor(6) as pool:
        keys = [public(new_key()) for _ in range(6)]
        answers = list(pool.map(lambda key: add_key(world.api, world.owner, client_id, jwk=key), keys))
    assert sorted(answer.status for answer in answers) == [201, 201, 409, 409, 409, 409]


def test_rule_271_a_removed_key_ends_the_tokens_of_the_client(world: World) -> None:
    machine = make_key_client(world)
    second = new_key()
    add_key(world.api, world.owner, machine.client_id, jwk=public(second)).expect(201)
    token = machine.token()
    path = f"/oauth/clients/{machine.client_id}/keys/{machine.key_id}"
    world.api.delete(path, bearer=world.owner.access).expect(204)
    world.api.get("/products", bearer=token).expect(401, "invalid_token")
    denied(machine.request())
    machine.request(sign(second, machine.claims())).expect(200)
    world.api.delete(path, bearer=world.owner.access).expect(404, "not_found")


def test_rule_271_a_key_that_is_removed_while_assertions_arrive_leaves_no_token(world: World) -> None:
    for _ in range(3):
        machine = make_key_client(world)
        machine.token()
        tokens: list[str] = []
        stop = threading.Event()

        def hammer(machine: KeyClient = machine, tokens: list[str] = tokens, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                answer = machine.request()
                if answer.status == 200:
                    tokens.append(answer.object()["access_token"])

        threads = [threading.Thread(target=hammer) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.15)
        path = f"/oauth/clients/{machine.client_id}/keys/{machine.key_id}"
        world.api.delete(path, bearer=world.owner.access).expect(204)
        time.sleep(0.1)
        stop.set()
        for thread in threads:
            thread.join()
        assert tokens
        for token in tokens[-10:]:
            world.api.get("/products", bearer=token).expect(401, "invalid_token")


def test_rule_274_only_owners_and_admins_of_the_account_manage_keys(world: World) -> None:
    machine = make_key_client(world)
    path = f"/oauth/clients/{machine.client_id}"
    body = {"name": "x", "jwk": public(new_key())}
    for bearer in (world.session("MEMBER").access, machine.token()):
        world.api.post(f"{path}/keys", bearer=bearer, json=body).expect_one_of(
            (403, "access_denied"), (403, "insufficient_scope")
        )
        assert world.api.get(f"{path}/keys", bearer=bearer).status == 403
        assert world.api.delete(f"{path}/keys/{machine.key_id}", bearer=bearer).status == 403
    world.api.post(f"{path}/keys", bearer=world.other_owner.access, json=body).expect(404, "not_found")
    world.api.get(f"{path}/keys", bearer=world.other_owner.access).expect(404, "not_found")
    world.api.delete(f"{path}/keys/{machine.key_id}", bearer=world.other_owner.access).expect(404, "not_found")
    world.api.delete(f"{path}/trusts/{machine.key_id}", bearer=world.owner.access).expect(404, "not_found")
    set_methods(world.api, world.other_owner, machine.client_id, ["private_key_jwt"]).expect(404, "not_found")
    # A key of one client is not removed by the path of another one.
    other = world.new_client()
    world.api.delete(f"/oauth/clients/{other.client_id}/keys/{machine.key_id}", bearer=world.owner.access).expect(
        404, "not_found"
    )
    machine.token()


def test_rule_274_keys_are_audited_without_the_key(world: World) -> None:
    machine = make_key_client(world)
    path = f"/oauth/clients/{machine.client_id}/keys/{machine.key_id}"
    world.api.delete(path, bearer=world.owner.access).expect(204)
    found = world.api.get("/audit?limit=20", bearer=world.owner.access)
    if found.status == 200:
        events = [one for one in found.object()["data"] if one.get("target") == machine.client_id]
        assert {"client.key_added", "client.key_removed"} <= {one["action"] for one in events}


@pytest.fixture
def host(foreign_issuer: tuple[OpenIdProvider, Path]) -> OpenIdProvider:
    """Publishes a client's keys; `published` are those."""
    found = foreign_issuer[0]
    found.reset()
    found.published = [PUBLISHED]
    found.requests.clear()
    return found


def uri_client(world: World, host: OpenIdProvider, uri: str = "/jwks") -> KeyClient:
    """A client whose keys are read at this address."""
    oauth = make_client(world.api, world.owner)
    added = add_key(world.api, world.owner, oauth.client_id, jwks_uri=host.issuer + uri).expect(201).object()
    # It is read once when it is registered, and from then on for tokens.
    host.requests.clear()
    return KeyClient(world.api, oauth, issuer_of(world.api), PUBLISHED, key_id=added["id"])


def test_rule_270_keys_of_a_jwks_uri_authenticate_and_are_cached(fetching: World, host: OpenIdProvider) -> None:
    machine = uri_client(fetching, host, "/jwks?of=cached")
    for _ in range(5):
        machine.token()
    assert host.count("/jwks") == 1


def test_rule_270_invented_key_ids_read_the_set_once_a_minute(fetching: World, host: OpenIdProvider) -> None:
    machine = uri_client(fetching, host, "/jwks?of=invented")
    machine.token()
    for number in range(5):
        denied(machine.request(machine.assertion({"kid": f"invented-{number}"})))
    assert host.count("/jwks") <= 2


def huge(handler: BaseHTTPRequestHandler) -> None:
    body = b'{"keys":[' + b" " * (10 << 20) + b"]}"
    with contextlib.suppress(OSError):
        send(handler, 200, body)


def hanging(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(8)


def redirecting(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/jwks")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def garbage(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b'{"keys":"none"}')


def failing(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 500, {"keys": []})


@pytest.mark.parametrize(
    "serve",
    [case(270, serve.__name__, serve) for serve in (huge, hanging, redirecting, garbage, failing)],
)
def test_key_sets_are_read_within_bounds(fetching: World, host: OpenIdProvider, serve: Any) -> None:
    path = f"/{serve.__name__}"
    host.instead[path] = lambda handler: send(handler, 200, {"keys": [public(PUBLISHED)]})
    machine = uri_client(fetching, host, path)
    host.instead[path] = serve
    began = time.monotonic()
    denied(machine.request())
    assert time.monotonic() - began < 7.5
    # The service goes on, and does not ask again within the minute.
    denied(machine.request())
    assert host.count(path) == 1


def test_rule_270_key_sets_of_private_addresses_are_not_read(world: World, host: OpenIdProvider) -> None:
    oauth = make_client(world.api, world.owner)
    refused = add_key(world.api, world.owner, oauth.client_id, jwks_uri=f"{host.issuer}/jwks")
    assert "private or reserved address" in refused.expect(400, "invalid_request").object()["error_description"]
    assert host.count("/jwks") == 0


def test_rule_270_private_and_weak_keys_of_a_set_are_skipped(fetching: World, host: OpenIdProvider) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        weak = RSAKey.import_key(rsa_1024(), {"kid": "weak"})
    host.instead["/mixed"] = lambda handler: send(
        handler,
        200,
        {
            "keys": [
                public(weak),
                public(weak, kty=["RSA"]),
                public(weak, alg={}),
                {"kty": "oct", "kid": "first", "k": "AAAA"},
                public(PUBLISHED),
            ]
        },
    )
    machine = uri_client(fetching, host, "/mixed")
    machine.token()
    denied(machine.request(sign(weak, machine.claims(), "RS256")))


def rsa_1024() -> Any:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65_537, 1_024)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_rule_271_a_removed_jwks_uri_ends_the_tokens(fetching: World, host: OpenIdProvider) -> None:
    machine = uri_client(fetching, host, "/jwks?of=removed")
    token = machine.token()
    path = f"/oauth/clients/{machine.client_id}/keys/{machine.key_id}"
    fetching.api.delete(path, bearer=fetching.owner.access).expect(204)
    fetching.api.get("/products", bearer=token).expect(401, "invalid_token")
    denied(machine.request())
