"""No hostile access token opens the API. Security rules 42 to 58."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from attacks.cases import case, forge_for, forged, present, refused
from harness.clients import is_accepted
from harness.people import me
from harness.token_forge import TokenForge, decode, decode_unverified, encode, hmac_token, json_bytes
from harness.world import World

GONE = None  # as the value of a member: leave it out


def test_rule_42_genuine_tokens_have_the_profiles_shape(world: World) -> None:
    token = world.token()
    header, claims = decode_unverified(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "HS256")
    assert header.keys() == {"alg", "typ", "kid"}
    assert next(iter(header)) == "alg"
    assert claims.keys() == {
        "iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "account_id", "secret_id"
    }  # fmt: skip
    assert claims["sub"] == claims["client_id"] == world.oauth.client_id
    assert claims["iss"] == world.server.url
    assert claims["account_id"] == world.account.account_id
    assert all(type(claims[name]) is int for name in ("iat", "exp"))


def test_rule_42_a_persons_token_names_session_and_role(world: World) -> None:
    session = world.session("VIEWER")
    _, claims = decode_unverified(session.access)
    assert claims["sub"] == session.person.user_id
    assert claims["role"] == "VIEWER"
    assert claims["sid"]
    assert "secret_id" not in claims


def test_rule_52_client_and_person_subjects_never_collide(world: World) -> None:
    assert world.oauth.client_id.startswith("lxgcli_")
    assert not world.owner.person.user_id.startswith("lxgcli_")


def test_rule_57_claims_carry_no_personal_data(world: World) -> None:
    session = world.session("MEMBER")
    claims = json.dumps(decode_unverified(session.access)[1])
    assert session.person.email not in claims
    assert session.person.email.partition("@")[0] not in claims


def test_forged_tokens_with_genuine_claims_are_accepted(world: World) -> None:
    """Without this, every refusal below could have another cause."""
    assert is_accepted(world.api, forged(world))
    assert is_accepted(world.api, forged(world, claims={"jti": uuid4().hex}))


HEADERS: list[tuple[int, str, dict[str, Any]]] = [
    (42, "typ JWT", {"typ": "JWT"}),
    (42, "typ at JWT", {"typ": "at JWT"}),
    (42, "typ in capitals", {"typ": "AT+JWT"}),
    (42, "typ missing", {"typ": GONE}),
    (42, "typ empty", {"typ": ""}),
    (42, "typ refresh", {"typ": "rt+jwt"}),
    (42, "typ logout", {"typ": "logout+jwt"}),
    (42, "typ number", {"typ": 1}),
    (42, "typ list", {"typ": ["at+jwt"]}),
    (43, "alg missing", {"alg": GONE}),
    (43, "alg empty", {"alg": ""}),
    (43, "alg HS384", {"alg": "HS384"}),
    (43, "alg HS512", {"alg": "HS512"}),
    (43, "alg lower case", {"alg": "hs256"}),
    (43, "alg other kind", {"alg": "PS256"}),
    (43, "alg number", {"alg": 256}),
    (43, "alg list", {"alg": ["HS256"]}),
    (43, "alg unknown", {"alg": "XS256"}),
    (47, "kid unknown", {"kid": "unknown"}),
    (47, "kid missing", {"kid": GONE}),
    (47, "kid empty", {"kid": ""}),
    (47, "kid path", {"kid": "../../../../dev/null"}),
    (47, "kid file", {"kid": "file:///dev/null"}),
    (47, "kid address", {"kid": "https://evil.example/key"}),
    (47, "kid SQL", {"kid": "x' UNION SELECT 'key' --"}),
    (47, "kid command", {"kid": "|id"}),
    (47, "kid NUL", {"kid": "\x00"}),
    (47, "kid number", {"kid": 0}),
    (47, "kid true", {"kid": True}),
    (47, "kid list", {"kid": []}),
    (47, "kid object", {"kid": {}}),
    (47, "kid long", {"kid": "k" * 400}),
    (47, "jku", {"jku": "https://evil.example/jwks.json"}),
    (47, "x5u", {"x5u": "https://evil.example/cert.pem"}),
    (47, "jwk symmetric", {"jwk": {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}}),
    (47, "x5c", {"x5c": ["MIIB"]}),
    (48, "crit unknown", {"crit": ["exp"], "exp": 1}),
    (48, "crit empty", {"crit": []}),
    (48, "crit b64", {"crit": ["b64"], "b64": True}),
    (48, "crit text", {"crit": "exp"}),
    (48, "crit null", {"crit": False}),
    (56, "b64 false", {"b64": False, "crit": ["b64"]}),
    (56, "b64 false alone", {"b64": False}),
    (56, "cty JWT", {"cty": "JWT"}),
    (56, "zip", {"zip": "DEF"}),
    (56, "enc", {"enc": "A256GCM"}),
    (53, "long header", {"pad": "p" * 600}),
]  # fmt: skip


@pytest.mark.parametrize("header", [case(rule, name, header) for rule, name, header in HEADERS])
def test_a_correctly_signed_token_with_another_header_is_rejected(world: World, header: dict[str, Any]) -> None:
    refused(present(world, forged(world, header=header)))


CLAIMS: list[tuple[int, str, dict[str, Any]]] = [
    *[(42, f"{name} missing", {name: GONE})
      for name in ("iss", "exp", "aud", "sub", "client_id", "iat", "jti", "account_id")],
    *[(42, f"{name} number", {name: 7})
      for name in ("iss", "sub", "client_id", "jti", "account_id", "scope")],
    *[(42, f"{name} list", {name: ["x"]})
      for name in ("iss", "sub", "client_id", "jti", "account_id", "scope")],
    *[(42, f"{name} object", {name: {}}) for name in ("iss", "sub", "aud", "exp", "jti", "scope")],
    (49, "iss other", {"iss": "https://evil.example"}),
    (49, "iss longer", {"iss": "{ISS}/"}),
    (49, "iss upper case", {"iss": "{ISS_UPPER}"}),
    (49, "iss empty", {"iss": ""}),
    (49, "iss list", {"iss": ["{ISS}"]}),
    (49, "aud other", {"aud": "https://evil.example"}),
    (49, "aud prefix", {"aud": "{AUD_CUT}"}),
    (49, "aud longer", {"aud": "{AUD}x"}),
    (49, "aud substring", {"aud": "http"}),
    (49, "aud empty", {"aud": ""}),
    (49, "aud empty list", {"aud": []}),
    (49, "aud list of others", {"aud": ["https://evil.example", "{AUD}/other"]}),
    (49, "aud object with the name", {"aud": {"{AUD}": True}}),
    (49, "aud number", {"aud": 1}),
    (49, "aud true", {"aud": True}),
    (50, "exp past", {"exp": 1}),
    (50, "exp zero", {"exp": 0}),
    (50, "exp negative", {"exp": -1}),
    (50, "exp text", {"exp": "{LATER}"}),
    (50, "exp true", {"exp": True}),
    (50, "exp list", {"exp": [9999999999]}),
    (50, "nbf future", {"nbf": "{FUTURE}"}),
    (50, "nbf text", {"nbf": "soon"}),
    (50, "nbf true", {"nbf": True}),
    (50, "iat future", {"iat": "{FUTURE}"}),
    (50, "iat text", {"iat": "yesterday"}),
    (50, "iat true", {"iat": True}),
    (42, "address ranges that are none", {"cidrs": ["x"]}),
    (51, "client without secret_id", {"secret_id": GONE}),
    (51, "client with a session", {"sid": "0" * 32, "role": "OWNER", "secret_id": GONE}),
]  # fmt: skip


def claims_for(world: World, template: dict[str, Any]) -> dict[str, Any]:
    """The placeholders of a row replaced by what this server uses."""
    genuine = decode_unverified(world.token())[1]
    audience = genuine["aud"] if isinstance(genuine["aud"], str) else genuine["aud"][0]
    later = int(time.time()) + 3600
    if template in ({"nbf": "{FUTURE}"}, {"iat": "{FUTURE}"}):
        return dict.fromkeys(template, later) | {"exp": later + 900}
    if template == {"exp": "{LATER}"}:
        return {"exp": str(later)}
    written = json.dumps(template)
    for name, value in {
        "{ISS}": genuine["iss"],
        "{ISS_UPPER}": genuine["iss"].upper(),
        "{AUD}": audience,
        "{AUD_CUT}": audience[:-1],
    }.items():
        written = written.replace(name, value)
    filled: dict[str, Any] = json.loads(written)
    return filled


@pytest.mark.parametrize("claims", [case(rule, name, claims) for rule, name, claims in CLAIMS])
def test_a_correctly_signed_token_with_other_claims_is_rejected(world: World, claims: dict[str, Any]) -> None:
    refused(present(world, forged(world, claims=claims_for(world, claims))))


def test_rule_49_a_list_of_audiences_may_hold_our_own(world: World) -> None:
    audience = decode_unverified(world.token())[1]["aud"]
    assert is_accepted(world.api, forged(world, claims={"aud": ["https://other.example", audience]}))


EXACT_CLAIMS = {
    "exp 1e400": ('"exp":', "1e400"),
    "exp NaN": ('"exp":', "NaN"),
    "exp Infinity": ('"exp":', "Infinity"),
    "exp null": ('"exp":', "null"),
    "exp 5000 digits": ('"exp":', "9" * 5000),
    "iat 1e400": ('"iat":', "1e400"),
    "iat null": ('"iat":', "null"),
}


@pytest.mark.parametrize(("member", "value"), [case(50, name, *pair) for name, pair in EXACT_CLAIMS.items()])
def test_times_are_finite_numbers(world: World, member: str, value: str) -> None:
    header, claims = decode_unverified(world.token())
    name = member.strip('":')
    written = json_bytes(claims).decode().replace(f"{member}{claims[name]}", f"{member}{value}")
    assert value in written
    refused(present(world, forge_for(world).sign_json(json_bytes(header), written.encode())))


def test_rule_51_a_refresh_token_is_no_access_token(world: World) -> None:
    refused(world.api.get("/products", bearer=world.session("VIEWER").refresh))


def test_rule_51_a_client_secret_is_no_access_token(world: World) -> None:
    refused(world.api.get("/products", bearer=world.oauth.client_secret))


def test_rule_51_an_id_is_no_access_token(world: World) -> None:
    for name in (world.oauth.client_id, world.oauth.secret_id, world.account.owner.user_id):
        refused(world.api.get("/products", bearer=name))


@pytest.mark.parametrize("kind", [case(51, "client", "client"), case(51, "person", "person")])
def test_an_access_token_is_no_refresh_token(world: World, kind: str) -> None:
    token = world.token() if kind == "client" else world.session("VIEWER").access
    world.api.post("/auth/refresh", json={"refreshToken": token}).expect(401, "invalid_token")


def test_rule_51_an_access_token_is_no_client_secret(world: World) -> None:
    form = world.oauth.form | {"client_secret": world.token()}
    world.api.post("/oauth/token", form=form).expect_one_of((401, "invalid_client"), (400, "invalid_request"))


def test_rule_51_a_client_token_is_no_persons_token(world: World) -> None:
    for method, path in (("GET", "/auth/me"), ("GET", "/auth/sessions"), ("POST", "/auth/logout")):
        answer = world.api.request(method, path, bearer=world.token())
        answer.expect_one_of((403, "access_denied"), (401, "invalid_token"))


@pytest.mark.parametrize(
    "claims",
    [
        case(51, "without session", {"sid": GONE}),
        case(51, "without role", {"role": GONE}),
        case(51, "unknown role", {"role": "SUPERUSER"}),
        case(51, "role in lower case", {"role": "owner"}),
        case(51, "role list", {"role": ["OWNER"]}),
        case(51, "session number", {"sid": 1}),
        case(51, "both kinds at once", {"secret_id": "{SECRET_ID}"}),
    ],
)
def test_a_persons_token_with_inconsistent_claims_is_rejected(world: World, claims: dict[str, Any]) -> None:
    session = world.session("VIEWER")
    filled = {name: world.oauth.secret_id if value == "{SECRET_ID}" else value for name, value in claims.items()}
    token = forge_for(world).with_changes(session.access, claims=filled)
    refused(present(world, token))
    me(world.api, world.vault.remember("forged token", token)).expect(401, "invalid_token")


def test_rules_45_and_58_keys_are_private_random_and_long(world: World) -> None:
    file = world.server.data_dir / "keys.json"
    assert file.stat().st_mode & 0o777 == 0o600
    for record in world.server.signing_keys():
        assert record["alg"] == "HS256"
        assert len(decode(record["jwk"]["k"])) >= 32


def test_rule_58_keys_are_stored_only_in_the_key_file(world: World) -> None:
    key = world.server.signing_keys()[0]["jwk"]["k"]
    for place in (world.server.database.contents(), world.server.log_text()):
        assert key.encode() not in place
        assert decode(key) not in place


def test_rule_45_a_guessable_key_does_not_verify(world: World) -> None:
    header, claims = decode_unverified(world.token())
    for key in (b"", b"secret", b"linkxg", b"changeme", header["kid"].encode(), bytes(32)):
        refused(present(world, hmac_token(header, claims, key)))


def test_rule_45_start_refuses_a_short_key(world: World, fresh_server: Callable[..., Any]) -> None:
    # A new installation that is given the file: where the database has keys already, those hold.
    server = fresh_server()
    content = json.loads((world.server.data_dir / "keys.json").read_bytes())
    for record in content["keys"]:
        record["jwk"]["k"] = encode(b"short")
    server.data_dir.mkdir(parents=True, exist_ok=True)
    file = server.data_dir / "keys.json"
    file.touch(0o600)
    file.write_text(json.dumps(content))
    done = server.try_command("serve", "--port", str(server.port))
    assert done.returncode != 0
    assert b"Traceback" not in done.stdout + done.stderr


def test_the_token_forge_reads_the_signing_keys(world: World) -> None:
    record = world.server.signing_keys()[0]
    assert TokenForge(record).kid == record["kid"]
