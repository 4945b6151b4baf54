"""Client authentication by an assertion of the client itself. Security rules 263 to 268."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from attacks.cases import case
from attacks.test_client_authentication import DENIED
from harness.answers import Answer
from harness.client_assertions import (
    ASSERTION_TYPE,
    SECRET_METHODS,
    KeyClient,
    add_key,
    make_key_client,
    new_key,
    present,
    public,
    segment,
    set_methods,
    sign,
)
from harness.clients import introspect, make_client, request_token
from harness.world import World


@pytest.fixture
def machine(world: World) -> KeyClient:
    """A client with an ES256 key."""
    return make_key_client(world)


def denied(answer: Answer) -> None:
    assert answer.expect(401, "invalid_client").object() == DENIED


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_client_gets_a_token_by_its_key(world: World, algorithm: str) -> None:
    machine = make_key_client(world, algorithm)
    token = machine.token()
    world.api.get("/products", bearer=token).expect(200)
    told = introspect(world.api, world.oauth, token).expect(200).object()
    assert told["client_id"] == machine.client_id


def test_a_key_authenticates_at_introspection_and_revocation_too(world: World, machine: KeyClient) -> None:
    token = machine.token()
    assert present(world.api, machine.assertion(), "/oauth/introspect", token=token).expect(200).object()["active"]
    present(world.api, machine.assertion(), "/oauth/revoke", token=token).expect(200)
    world.api.get("/products", bearer=token).expect(401, "invalid_token")


def test_the_client_id_may_stand_beside_the_assertion(machine: KeyClient) -> None:
    machine.request(client_id=machine.client_id).expect(200)


@pytest.mark.parametrize(
    "changed",
    [
        case(263, "no subject", {"sub": None}),
        case(263, "no issuer", {"iss": None}),
        case(263, "another subject", {"sub": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e"}),
        case(263, "another issuer", {"iss": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e"}),
        case(263, "the server as issuer", {"iss": "{issuer}"}),
        case(263, "no audience", {"aud": None}),
        case(263, "audience in an array", {"aud": ["{issuer}"]}),
        case(263, "several audiences", {"aud": ["{issuer}", "https://other.example"]}),
        case(263, "token endpoint as audience", {"aud": "{issuer}/api/v1/oauth/token"}),
        case(263, "audience with a slash", {"aud": "{issuer}/"}),
        case(263, "another audience", {"aud": "https://other.example"}),
        case(263, "no expiry", {"exp": None}),
        case(263, "expiry as a text", {"exp": "1900000000"}),
        case(263, "expiry true", {"exp": True}),
        case(263, "no jti", {"jti": None}),
        case(263, "empty jti", {"jti": ""}),
        case(263, "number as jti", {"jti": 7}),
        case(263, "long jti", {"jti": "j" * 256}),
        case(263, "subject as an array", {"sub": ["x"]}),
    ],
)
def test_wrong_claims_are_refused(machine: KeyClient, changed: dict[str, Any]) -> None:
    filled = json.loads(json.dumps(changed).replace("{issuer}", machine.issuer))
    denied(machine.request(machine.assertion(**filled), client_id=machine.client_id))


@pytest.mark.parametrize(
    ("accepted", "changed"),
    [
        case(264, "expired five minutes ago", False, {"exp": -300}),
        case(264, "expires in an hour", False, {"exp": 3_600}),
        case(264, "valid in 8 seconds", True, {"nbf": 8}),
        case(264, "issued in 8 seconds", True, {"iat": 8}),
        case(264, "valid in 65 seconds", False, {"nbf": 65}),
        case(264, "issued in 65 seconds", False, {"iat": 65, "exp": 120}),
        case(264, "expires in ten minutes", True, {"exp": 595}),
        case(264, "expires never", False, {"exp": 10**15}),
    ],
)
def test_times_are_checked(machine: KeyClient, accepted: bool, changed: dict[str, int]) -> None:
    now = int(time.time())
    times: dict[str, Any] = {name: now + offset for name, offset in changed.items()}
    answer = machine.request(machine.assertion(**times))
    if accepted:
        answer.expect(200)
    else:
        denied(answer)


def test_rule_265_the_algorithm_none_is_refused(machine: KeyClient) -> None:
    for name in ("none", "None", "NONE", ""):
        unsigned = f"{segment({'alg': name, 'kid': machine.key.kid})}.{segment(machine.claims())}."
        denied(machine.request(unsigned, client_id=machine.client_id))


def test_rule_265_a_public_key_is_no_secret_of_an_hmac(world: World, machine: KeyClient) -> None:
    import hashlib
    import hmac

    head = f"{segment({'alg': 'HS256', 'kid': machine.key.kid})}.{segment(machine.claims())}"
    stored = json.dumps(public(machine.key), separators=(",", ":")).encode()
    for secret in (machine.key.as_pem(private=False), stored, machine.oauth.client_secret.encode()):
        mac = hmac.new(secret, head.encode(), hashlib.sha256).digest()
        denied(machine.request(f"{head}.{segment(mac)}", client_id=machine.client_id))


HEADERS: list[Any] = [
    case(265, "unknown key id", {"kid": "another"}),
    case(265, "path as key id", {"kid": "../../../../dev/null"}),
    case(265, "injection as key id", {"kid": "' OR 1=1 --"}),
    case(265, "empty key id", {"kid": ""}),
    case(265, "number as key id", {"kid": 7}),
    case(265, "critical extension", {"crit": ["exp"], "exp": 1}),
    case(265, "critical b64", {"crit": ["b64"], "b64": True}),
    case(265, "type of an access token", {"typ": "at+jwt"}),
    case(265, "algorithm of a larger curve", {"alg": "ES512"}),
    case(265, "algorithm of another kind", {"alg": "EdDSA"}),
    case(265, "algorithm as a list", {"alg": ["ES256"]}),
    case(265, "algorithm as an object", {"alg": {"ES256": 1}}),
    case(265, "type as a list", {"typ": ["JWT"]}),
]


def resigned(machine: KeyClient, header: dict[str, Any], key: Any = None) -> str:
    """Signed by the key, whatever the header says."""
    from joserfc.jws import JWSRegistry

    fields = {"alg": "ES256", "kid": machine.key.kid, **header}
    head = f"{segment(fields)}.{segment(machine.claims())}"
    signature = JWSRegistry.algorithms["ES256"].sign(head.encode(), key or machine.key)
    return f"{head}.{segment(signature)}"


@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_mislead_are_refused(machine: KeyClient, header: dict[str, Any]) -> None:
    denied(machine.request(resigned(machine, header), client_id=machine.client_id))


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_rule_265_no_key_of_the_header_is_used(machine: KeyClient, member: str) -> None:
    stranger = new_key(kid=machine.key.kid)
    value: Any = (
        public(stranger) if member == "jwk" else [segment(b"x")] if member == "x5c" else "https://127.0.0.1:1/k"
    )
    denied(machine.request(resigned(machine, {member: value}, stranger)))
    machine.request(resigned(machine, {member: value})).expect(200)


MALFORMED: dict[str, Callable[[KeyClient], str]] = {
    "no token": lambda machine: "assertion",
    "two parts": lambda machine: "a.b",
    "five parts": lambda machine: "a.b.c.d.e",
    "too long": lambda machine: machine.assertion(more="x" * 9_000),
    "repeated member": lambda machine: raw(machine, json.dumps(machine.claims())[:-1] + ',"sub":"lxgcli_x"}'),
    "deep": lambda machine: raw(machine, json.dumps(machine.claims())[:-1] + ',"d":' + "[" * 900 + "]" * 900 + "}"),
    "an array": lambda machine: raw(machine, "[1]"),
    "a number": lambda machine: raw(machine, "7"),
    "not utf-8": lambda machine: raw(machine, b"\xff\xfe"),
    "nan": lambda machine: raw(machine, json.dumps(machine.claims())[:-1] + ',"n":NaN}'),
    "large number": lambda machine: raw(machine, json.dumps(machine.claims())[:-1] + ',"exp2":1' + "0" * 5_000 + "}"),
    "padding": lambda machine: machine.assertion() + "==",
    "no signature": lambda machine: machine.assertion().rpartition(".")[0] + ".",
}


def raw(machine: KeyClient, payload: str | bytes) -> str:
    from joserfc.jws import JWSRegistry

    encoded = payload if isinstance(payload, bytes) else payload.encode()
    head = f"{segment({'alg': 'ES256', 'kid': machine.key.kid})}.{segment(encoded)}"
    return f"{head}.{segment(JWSRegistry.algorithms['ES256'].sign(head.encode(), machine.key))}"


@pytest.mark.parametrize("name", [case(268, name, name) for name in MALFORMED])
def test_malformed_assertions_are_refused(machine: KeyClient, name: str) -> None:
    answer = machine.api.post(
        "/oauth/token",
        form={"grant_type": "client_credentials", "client_id": machine.client_id,
              "client_assertion_type": ASSERTION_TYPE, "client_assertion": MALFORMED[name](machine)},
    )  # fmt: skip
    denied(answer)


def test_rule_268_a_signature_by_another_key_is_refused(world: World, machine: KeyClient) -> None:
    denied(machine.request(sign(new_key(kid=machine.key.kid), machine.claims())))


def test_rule_263_the_assertion_of_one_client_is_none_of_another(world: World, machine: KeyClient) -> None:
    other = make_key_client(world)
    denied(machine.request(machine.assertion(), client_id=other.client_id))
    denied(machine.request(sign(machine.key, other.claims())))
    denied(machine.request(sign(machine.key, other.claims(), kid=other.key.kid)))


def test_rule_266_an_assertion_works_once(world: World, machine: KeyClient) -> None:
    used = machine.assertion()
    machine.request(used).expect(200)
    denied(machine.request(used))
    denied(present(world.api, used, "/oauth/introspect", token="x"))
    same_jti = machine.claims()
    machine.request(sign(machine.key, same_jti)).expect(200)
    denied(machine.request(sign(machine.key, same_jti)))


def test_rule_266_of_requests_at_the_same_time_one_wins(machine: KeyClient) -> None:
    for _ in range(3):
        assertion = machine.assertion()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _, used=assertion: machine.request(used), range(8)))
        assert sorted(answer.status for answer in answers) == [200] + [401] * 7


def test_rule_267_one_method_per_request(world: World, machine: KeyClient) -> None:
    form = {"client_id": machine.client_id, "client_secret": machine.oauth.client_secret}
    machine.request(**form).expect(400, "invalid_request")
    machine.request(client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer").expect(
        400, "invalid_request"
    )
    world.api.post("/oauth/token", form={"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
                   ).expect(400, "invalid_request")  # fmt: skip


def test_rule_267_a_client_has_a_key_and_a_secret_until_a_method_is_taken_away(
    world: World, machine: KeyClient
) -> None:
    by_secret = str(request_token(world.api, machine.oauth).expect(200).object()["access_token"])
    view = world.api.get(f"/oauth/clients/{machine.client_id}", bearer=world.owner.access).expect(200).object()
    assert view["token_endpoint_auth_methods"] == [*SECRET_METHODS, "private_key_jwt"]
    set_methods(world.api, world.owner, machine.client_id, ["private_key_jwt"]).expect(200)
    denied(request_token(world.api, machine.oauth))
    world.api.get("/products", bearer=by_secret).expect(401, "invalid_token")
    machine.token()
    set_methods(world.api, world.owner, machine.client_id, SECRET_METHODS).expect(200)
    denied(machine.request())
    request_token(world.api, machine.oauth).expect(200)
    set_methods(world.api, world.owner, machine.client_id, ["client_secret_basic"]).expect(200)
    denied(request_token(world.api, machine.oauth))
    for nonsense in ([], ["none"], ["tls"]):
        set_methods(world.api, world.owner, machine.client_id, nonsense).expect(400, "invalid_request")


def test_rule_267_a_key_alone_permits_nothing_to_a_client_without_the_method(world: World) -> None:
    oauth = make_client(world.api, world.owner)
    key = new_key()
    stranger = KeyClient(world.api, oauth, make_key_client(world).issuer, key)
    denied(stranger.request())
    add_key(world.api, world.owner, oauth.client_id, jwk=public(key)).expect(201)
    stranger.request().expect(200)


def test_rule_268_a_disabled_client_and_an_address_out_of_range_are_refused(world: World, machine: KeyClient) -> None:
    path = f"/oauth/clients/{machine.client_id}"
    world.api.patch(path, bearer=world.owner.access, json={"allowed_cidrs": ["192.0.2.0/24"]}).expect(200)
    denied(machine.request())
    world.api.patch(path, bearer=world.owner.access, json={"allowed_cidrs": [], "disabled": True}).expect(200)
    denied(machine.request())
    world.api.patch(path, bearer=world.owner.access, json={"disabled": False}).expect(200)
    machine.request().expect(200)


def test_rule_268_wrong_assertions_are_counted_like_wrong_secrets(limited: World) -> None:
    machine = make_key_client(limited)
    machine.request().expect(200)
    for _ in range(10):
        denied(machine.request(machine.assertion(aud="https://other.example")))
    machine.request().expect(429, "rate_limit_exceeded")
    request_token(limited.api, machine.oauth).expect(429, "rate_limit_exceeded")
