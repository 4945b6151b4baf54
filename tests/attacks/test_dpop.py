"""DPoP at the token endpoint and the API. Security rules 275 and 277 to 281."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from attacks.cases import case
from attacks.test_bearer import OPEN, body_for, concrete, operations
from harness.answers import Answer
from harness.clients import get_token, introspect, is_accepted, make_client
from harness.dpop import ALGORITHMS, TOKEN, DpopClient, DpopKey, b64, encode
from harness.rows import wait_for_count
from harness.rules import API
from harness.token_forge import decode, decode_unverified
from harness.topologies import MirroringClient
from harness.world import World
from linkxg.identity.sender_constraint import nonces
from products.catalogue import create
from products.catalogue import path as product_path


def change(world: World, client_id: str, **values: Any) -> Answer:
    return world.api.patch(f"/oauth/clients/{client_id}", bearer=world.owner.access, json=values)


def refused(answer: Answer, error: str = "invalid_dpop_proof") -> None:
    """At the token endpoint."""
    answer.expect(400, error)
    assert "DPoP-Nonce".lower() in dict(answer.fields), answer


def rejected(answer: Answer, error: str = "invalid_dpop_proof") -> None:
    """At the API: with a challenge that names the algorithms."""
    answer.expect(401, error)
    challenge = answer.header("www-authenticate") or ""
    assert challenge.startswith('DPoP realm="linkxg"'), challenge
    assert f'error="{error}"' in challenge, challenge
    assert 'algs="ES256 EdDSA RS256 PS256"' in challenge, challenge


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rule_275_a_token_is_bound_to_the_key_of_the_proof(world: World, algorithm: str) -> None:
    client = DpopClient(world.api, world.oauth, key=DpopKey(algorithm))
    first = client.api.post(
        "/oauth/token", form=world.oauth.form, headers=[("DPoP", client.key.proof("POST", client.base + TOKEN))]
    )
    refused(first, "use_dpop_nonce")
    token = client.token()
    assert decode_unverified(token)[1]["cnf"] == {"jkt": client.key.thumbprint}
    client.call(token).expect(200)
    seen = introspect(world.api, world.oauth, token).expect(200).object()
    assert (seen["token_type"], seen["cnf"]) == ("DPoP", {"jkt": client.key.thumbprint})


def test_rule_275_the_fast_path_verifies_proofs_too(world: World, dpop: DpopClient) -> None:
    token = dpop.token()
    path = product_path(create(world))
    dpop.call(token, path).expect(200)
    rejected(world.api.get(path, bearer=token), "invalid_token")
    rejected(dpop.call(token, path, htu=f"{dpop.base}{API}/products"))


REPEATED = b'{"typ":"dpop+jwt","typ":"dpop+jwt"}'
HEADERS: list[Any] = [
    case(275, "typ of another JWT", {"typ": "JWT"}),
    case(275, "no typ", {"typ": None}),
    case(275, "typ of an access token", {"typ": "at+jwt"}),
    case(275, "alg none", {"alg": "none"}),
    case(275, "symmetric alg", {"alg": "HS256"}),
    case(275, "unknown alg", {"alg": "ES512"}),
    case(275, "alg of another key", {"alg": "EdDSA"}),
    case(275, "alg is no text", {"alg": ["ES256"]}),
    case(275, "no key", {"jwk": None}),
    case(275, "key is a text", {"jwk": "ES256"}),
    case(275, "empty key", {"jwk": {}}),
    case(275, "symmetric key", {"jwk": {"kty": "oct", "k": "AAAA"}}),
    case(275, "critical extension", {"crit": ["b64"], "b64": False}),
]


@pytest.mark.parametrize("header", HEADERS)
def test_rule_275_proofs_with_a_wrong_header_are_refused(dpop: DpopClient, header: dict[str, Any]) -> None:
    refused(dpop.request_token(header=header))


def test_rule_275_a_private_key_in_the_proof_is_refused(dpop: DpopClient) -> None:
    answer = dpop.request_token(header={"jwk": dpop.key.private})
    refused(answer)
    assert "private" in answer.object()["error_description"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rule_275_keys_have_one_encoding(world: World, algorithm: str) -> None:
    """Otherwise one key would have several thumbprints."""
    client = DpopClient(world.api, world.oauth, key=DpopKey(algorithm))
    client.request_token().expect(200)
    member = {"ES256": "x", "EdDSA": "x"}.get(algorithm, "n")
    value = client.key.public[member]
    for other in (value + "=", value[:-1] + chr(ord(value[-1]) ^ 1), b64(b"\0" + decode(value)), "", 7, value + " "):
        refused(client.request_token(header={"jwk": {**client.key.public, member: other}}))


def test_rule_275_weak_and_costly_rsa_keys_are_refused(dpop: DpopClient) -> None:
    for bits in (1_024, 8_192):
        jwk = {"kty": "RSA", "e": "AQAB", "n": b64(((1 << bits) - 1).to_bytes(bits // 8))}
        refused(dpop.request_token(header={"alg": "RS256", "jwk": jwk}))
    jwk = {"kty": "RSA", "e": b64(b"\x01" + bytes(200)), "n": b64(b"\xff" * 256)}
    refused(dpop.request_token(header={"alg": "RS256", "jwk": jwk}))


def test_rule_275_a_signature_by_another_key_is_refused(dpop: DpopClient) -> None:
    refused(dpop.request_token(header={"jwk": DpopKey().public}))


@pytest.mark.parametrize(
    "make",
    [
        case(275, "empty", lambda proof: ""),
        case(275, "no JWT", lambda proof: "x"),
        case(275, "two parts", lambda proof: proof.rpartition(".")[0]),
        case(275, "four parts", lambda proof: f"{proof}.AAAA"),
        case(275, "no signature", lambda proof: proof.rpartition(".")[0] + "."),
        case(275, "short signature", lambda proof: proof[:-4]),
        case(275, "padding", lambda proof: proof + "=="),
        case(275, "two in one field", lambda proof: f"{proof}, {proof}"),
        case(275, "space in front of a second", lambda proof: f"{proof} {proof}"),
        case(275, "other payload", lambda proof: ".".join([proof.split(".")[0], encode({}), proof.split(".")[2]])),
        case(275, "repeated member", lambda proof: b64(REPEATED) + ".e30.AAAA"),
        case(275, "not UTF-8", lambda proof: f"{b64(bytes([123, 255, 125]))}.e30.AAAA"),
        case(275, "huge", lambda proof: proof + "A" * 5_000),
        case(275, "deep", lambda proof: f"{b64(b'[' * 1_500)}.e30.AAAA"),
    ],
)
def test_rule_275_malformed_proofs_are_refused(dpop: DpopClient, make: Callable[[str], str]) -> None:
    proof = make(dpop.key.proof("POST", dpop.base + TOKEN, nonce=dpop.nonce))
    refused(dpop.api.post("/oauth/token", form=dpop.oauth.form, headers=[("DPoP", proof)]))


def test_rule_275_two_proofs_are_refused(dpop: DpopClient) -> None:
    token = dpop.token()
    second = ("DPoP", dpop.key.proof("POST", dpop.base + TOKEN, nonce=dpop.nonce))
    refused(dpop.request_token(headers=[second]))
    rejected(dpop.api.get("/products", headers=[*dpop.fields(token, "GET", "/products"), second]))


def _forged(nonce: str) -> list[Any]:
    raw = decode(nonce)
    return [
        b64(raw[:-1] + bytes([raw[-1] ^ 1])),
        b64(bytes(5) + raw[5:]),
        b64((int.from_bytes(raw[:5]) + 1).to_bytes(5) + raw[5:]),
        b64((int.from_bytes(raw[:5]) - 1).to_bytes(5) + raw[5:]),
        nonce[:-1],
        nonce + "A",
        nonce + "=",
        "",
        "x" * 1_000,
        7,
        [nonce],
        None,
    ]


def test_rule_277_only_current_nonces_of_this_server_are_accepted(dpop: DpopClient) -> None:
    assert dpop.nonce is not None
    token = dpop.token()
    for nonce in _forged(dpop.nonce):
        refused(dpop.request_token(nonce=nonce), "use_dpop_nonce")
        answer = dpop.call(token, nonce=nonce)
        rejected(answer, "use_dpop_nonce")
        assert answer.header("dpop-nonce"), answer


@pytest.mark.any_engine
def test_rule_277_a_nonce_is_good_for_five_minutes_on_every_node(monkeypatch: pytest.MonkeyPatch) -> None:
    began = 1_795_444_380
    here, there, stranger = nonces.Nonces(bytes(32)), nonces.Nonces(bytes(32)), nonces.Nonces(b"another key" * 3)
    monkeypatch.setattr(nonces, "now_s", lambda: began)
    nonce = here.current()
    ages = {}
    # A node's clock may be up to a minute behind.
    for seconds in (-120, -60, 0, 60, 300, 360, 86_400):
        monkeypatch.setattr(nonces, "now_s", lambda seconds=seconds: began + seconds)
        ages[seconds] = there.age(nonce)
        assert stranger.age(nonce) is None
    assert ages == {-120: None, -60: -1, 0: 0, 60: 1, 300: 5, 360: None, 86_400: None}
    assert here.current() != nonce


def test_rule_278_a_proof_is_accepted_once(dpop: DpopClient) -> None:
    proof: dict[str, Any] = {"jti": f"once {time.time_ns()}", "iat": int(time.time())}
    token = str(dpop.request_token(**proof).expect(200).object()["access_token"])
    refused(dpop.request_token(**proof))
    fields = dpop.fields(token, "GET", "/products")
    dpop.api.get("/products", headers=fields).expect(200)
    rejected(dpop.api.get("/products", headers=fields))


def test_rule_278_of_parallel_replays_one_is_accepted(dpop: DpopClient) -> None:
    nodes = dpop.api.nodes if isinstance(dpop.api, MirroringClient) else [dpop.api]
    token = dpop.token()
    fields = dpop.fields(token, "GET", "/products")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda api: api.get("/products", headers=fields), nodes * (16 // len(nodes))))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 15
    proof = ("DPoP", dpop.key.proof("POST", dpop.base + TOKEN, nonce=dpop.nonce))
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda api: api.post("/oauth/token", form=dpop.oauth.form, headers=[proof], reveals=True),
                nodes * (16 // len(nodes)),
            )
        )
    assert sorted(answer.status for answer in answers) == [200] + [400] * 15


def test_rule_279_a_proof_is_for_one_token(world: World, dpop: DpopClient) -> None:
    token, other = dpop.token(), dpop.token()
    rejected(dpop.call(token, ath=None))
    rejected(dpop.call(token, ath=b64(bytes(32))))
    fields = dict(dpop.fields(token, "GET", "/products"))
    rejected(world.api.get("/products", headers={**fields, "Authorization": f"DPoP {other}"}))
    without = world.api.get("/products", headers={"Authorization": f"DPoP {token}"})
    rejected(without)
    rejected(dpop.call(token, htm="POST"))


def test_rule_279_a_proof_by_another_key_is_refused(world: World, dpop: DpopClient) -> None:
    thief = DpopClient(world.api, world.oauth)
    thief.nonce = dpop.nonce
    rejected(thief.call(dpop.token()), "invalid_token")


def test_rule_280_an_unbound_token_is_no_dpop_token(world: World, dpop: DpopClient) -> None:
    rejected(dpop.call(get_token(world.api, world.oauth)), "invalid_token")
    rejected(dpop.call(world.owner.access, "/auth/me"), "invalid_token")


def test_rule_281_a_client_can_require_proofs(world: World) -> None:
    oauth = make_client(world.api, world.owner)
    plain = get_token(world.api, oauth)
    body = change(world, oauth.client_id, dpop_bound_access_tokens=True).expect(200).object()
    assert body["dpop_bound_access_tokens"] is True
    assert not is_accepted(world.api, plain), "the tokens of before are unbound"
    refused(world.api.post("/oauth/token", form=oauth.form))
    client = DpopClient(world.api, oauth)
    client.call(client.token()).expect(200)
    change(world, oauth.client_id, dpop_bound_access_tokens=False).expect(200)
    assert is_accepted(world.api, get_token(world.api, oauth))


def test_rule_280_no_route_takes_a_bound_token_as_a_bearer_token(world: World, dpop: DpopClient) -> None:
    """Whoever stole the token would only need to write another scheme."""
    token = dpop.token()
    guarded = [pair for pair in operations(world) if pair not in OPEN and "revocations" not in pair[1]]
    assert len(guarded) > 50
    for method, path in guarded:
        rejected(world.api.request(method, concrete(path), bearer=token, json=body_for(method)), "invalid_token")
        headers = [("Authorization", f"DPoP {token}")]
        rejected(world.api.request(method, concrete(path), headers=headers, json=body_for(method)))


def test_rule_280_the_account_sees_that_a_bound_token_was_used_without_its_key(world: World) -> None:
    oauth = make_client(world.api, world.owner)
    client = DpopClient(world.api, oauth)
    token = client.token()
    fields = client.fields(token, "GET", "/products")
    world.api.get("/products", headers=fields).expect(200)
    rejected(world.api.get("/products", headers=fields))
    rejected(world.api.get("/products", bearer=token), "invalid_token")
    wait_for_count(
        world.server.database,
        f"SELECT count(*) FROM refused_requests WHERE client_id = '{oauth.client_id}' AND cause = 'proof_invalid'",
        2,
    )
