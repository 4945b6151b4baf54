"""Token, introspection, revocation and discovery."""

from __future__ import annotations

import re
import time

import pytest

from harness.answers import Answer
from harness.client import FORM_TYPE
from harness.clients import ALL_SCOPES, SCOPES, get_token, introspect, is_accepted, request_token, revoke
from harness.people import refresh, sign_in
from harness.rows import execute
from harness.token_forge import decode_unverified
from harness.world import World

TOKEN_MEMBERS = {"access_token", "token_type", "expires_in", "scope"}
CLIENT_CLAIMS = {"iss", "sub", "aud", "client_id", "iat", "exp", "jti", "scope", "account_id", "epoch", "secret_id"}
PERSON_CLAIMS = (CLIENT_CLAIMS - {"secret_id"}) | {"sid", "role", "amr", "auth_time"}


def test_a_token_response_has_the_members_of_rfc_6749(world: World) -> None:
    answer = request_token(world.api, world.oauth, "products:read connections:read").expect(200)
    body = answer.object()
    assert body.keys() == TOKEN_MEMBERS
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    assert type(body["expires_in"]) is int
    assert body["scope"] == "products:read connections:read"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("pragma") == "no-cache"
    assert answer.header("content-type") == "application/json"


def test_without_scope_every_granted_scope_is_issued(world: World) -> None:
    assert request_token(world.api, world.oauth).expect(200).object()["scope"] == ALL_SCOPES


def test_a_client_authenticates_with_basic(world: World) -> None:
    headers = {"Authorization": world.vault.basic(world.oauth.client_id, world.oauth.client_secret)}
    answer = world.api.post("/oauth/token", form={"grant_type": "client_credentials"}, headers=headers, reveals=True)
    assert answer.expect(200).object().keys() == TOKEN_MEMBERS


def test_the_claims_of_a_clients_access_token(world: World) -> None:
    before = int(time.time())
    header, claims = decode_unverified(world.token("products:read"))
    assert list(header) == ["alg", "typ", "kid"]
    assert header["typ"] == "at+jwt"
    assert claims.keys() - {"epoch"} == CLIENT_CLAIMS - {"epoch"}
    assert claims["iss"] == world.server.url
    assert claims["aud"] == world.server.url + "/api/v1"
    assert claims["sub"] == claims["client_id"] == world.oauth.client_id
    assert claims["exp"] - claims["iat"] == 900
    assert before <= claims["iat"] <= time.time()
    assert claims["account_id"] == world.account.account_id
    assert claims["secret_id"] == world.oauth.secret_id


def test_the_claims_of_a_persons_access_token(world: World) -> None:
    _, claims = decode_unverified(world.owner.access)
    assert claims.keys() - {"epoch"} == PERSON_CLAIMS - {"epoch"}
    assert claims["sub"] == world.account.owner.user_id
    assert claims["client_id"] != claims["sub"]
    assert claims["role"] == "OWNER"
    assert claims["scope"] == ALL_SCOPES


def test_a_refresh_keeps_how_and_when_the_person_was_authenticated(world: World) -> None:
    before = int(time.time())
    session = sign_in(world.api, world.person("VIEWER"))
    _, claims = decode_unverified(session.access)
    assert claims["amr"] == ["pwd"]
    assert before <= claims["auth_time"] <= time.time()
    age = 600_000
    sql = f"UPDATE sessions SET authenticated_at = authenticated_at - {age} WHERE id = '{claims['sid']}'"
    execute(world.server.database, sql)
    _, refreshed = decode_unverified(refresh(world.api, session.refresh).expect(200).data()["accessToken"])
    assert (refreshed["amr"], refreshed["auth_time"]) == (["pwd"], claims["auth_time"] - age // 1000)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"scope": "products:fly"}, 400, "invalid_scope"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "lxgcli_0000000000000000000000"}, 401, "invalid_client"),
    ],
)
def test_token_errors_have_their_codes(world: World, change: dict[str, str], status: int, error: str) -> None:
    answer = world.api.post("/oauth/token", form=world.oauth.form | change).expect(status, error)
    assert answer.object().keys() == {"error", "error_description"}
    if error == "invalid_client":
        assert answer.object()["error_description"] == "Client authentication failed"
        assert (answer.header("www-authenticate") or "").startswith("Basic realm=")


def test_an_ungranted_scope_is_rejected_and_never_narrowed(world: World) -> None:
    reader = world.new_client("products:read")
    request_token(world.api, reader, "products:read products:write").expect(400, "invalid_scope")


def test_basic_and_body_credentials_together_are_rejected(world: World) -> None:
    headers = {"Authorization": world.vault.basic(world.oauth.client_id, world.oauth.client_secret)}
    world.api.post("/oauth/token", form=world.oauth.form, headers=headers).expect(400, "invalid_request")


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_the_token_endpoint_takes_only_forms(world: World, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    world.api.post("/oauth/token", content=b"{}", headers=headers).expect(400, "invalid_request")


def test_a_large_form_is_rejected(world: World) -> None:
    body = b"a=" + b"x" * 17_000
    world.api.post("/oauth/token", content=body, headers={"Content-Type": FORM_TYPE}).expect(413, "payload_too_large")


def test_introspection_describes_a_client_token(world: World) -> None:
    token = get_token(world.api, world.oauth, "products:read dpp:read")
    body = introspect(world.api, world.oauth, token).expect(200).object()
    _, claims = decode_unverified(token)
    assert body == {
        "active": True,
        "scope": "products:read dpp:read",
        "client_id": world.oauth.client_id,
        "token_type": "Bearer",
        **{name: claims[name] for name in ("exp", "iat", "sub", "aud", "iss", "jti", "account_id")},
    }


def test_introspection_describes_a_person_token(world: World) -> None:
    body = introspect(world.api, world.oauth, world.owner.access).expect(200).object()
    assert body["active"] is True
    assert body["sub"] == world.account.owner.user_id
    assert body["role"] == "OWNER"
    assert body["sid"] == decode_unverified(world.owner.access)[1]["sid"]


def test_introspection_of_an_invalid_or_foreign_token_is_inactive(world: World) -> None:
    foreign = get_token(world.api, world.other_oauth)
    for token in ("nonsense", foreign, world.owner.refresh):
        answer = introspect(world.api, world.oauth, token).expect(200)
        assert answer.object() == {"active": False}
        assert answer.header("cache-control") == "no-store"


def test_a_client_revokes_its_own_token(world: World) -> None:
    token = world.token("products:read")
    assert is_accepted(world.api, token)
    assert revoke(world.api, world.oauth, token).expect(200).object() == {}
    world.api.get("/products", bearer=token).expect(401, "invalid_token")
    assert introspect(world.api, world.oauth, token).object() == {"active": False}
    revoke(world.api, world.oauth, token, token_type_hint="refresh_token").expect(200)


def test_a_client_cannot_revoke_the_token_of_another(world: World) -> None:
    another = world.new_client("products:read")
    token = get_token(world.api, another)
    revoke(world.api, world.oauth, token).expect(200)
    revoke(world.api, world.oauth, "nonsense").expect(200)
    assert is_accepted(world.api, token)


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/revoke"])
def test_introspection_and_revocation_need_a_token_and_client_authentication(world: World, path: str) -> None:
    form = {"client_id": world.oauth.client_id, "client_secret": world.oauth.client_secret}
    world.api.post(path, form=form).expect(400, "invalid_request")
    world.api.post(path, form={"token": "x"}).expect(401, "invalid_client")
    world.api.post(path, form=form | {"token": "x", "client_secret": "wrong"}).expect(401, "invalid_client")


METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
ALGORITHMS = ["ES256", "EdDSA", "PS256", "RS256"]


def test_authorization_server_metadata(world: World) -> None:
    answer = world.api.get("//.well-known/oauth-authorization-server").expect(200)
    issuer = world.server.url
    assert answer.object() == {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/api/v1/oauth/token",
        "introspection_endpoint": f"{issuer}/api/v1/oauth/introspect",
        "revocation_endpoint": f"{issuer}/api/v1/oauth/revoke",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["none"],
        "scopes_supported": list(SCOPES),
        "token_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint_auth_methods_supported": METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "service_documentation": f"{issuer}/api/v1/reference",
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "RS256", "PS256"],
        "tls_client_certificate_bound_access_tokens": False,
    }
    assert answer.header("cache-control") == "public, max-age=300"


def test_protected_resource_metadata(world: World) -> None:
    body = world.api.get("//.well-known/oauth-protected-resource/api/v1").expect(200).object()
    assert body == world.api.get("//.well-known/oauth-protected-resource").expect(200).object()
    assert body == {
        "resource": f"{world.server.url}/api/v1",
        "authorization_servers": [world.server.url],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "RS256", "PS256"],
        "tls_client_certificate_bound_access_tokens": False,
        "resource_name": "LinkXG",
    }


def test_symmetric_keys_are_not_published(world: World) -> None:
    assert world.api.get("//.well-known/jwks.json").expect(200).object() == {"keys": []}


def _challenge(answer: Answer) -> str:
    values = answer.values("www-authenticate")
    assert len(values) == 1, values
    return values[0]


def test_bearer_challenges(world: World) -> None:
    metadata = f'resource_metadata="{world.server.url}/.well-known/oauth-protected-resource/api/v1"'
    bare = _challenge(world.api.get("/products").expect(401, "invalid_token"))
    assert bare == f'Bearer realm="linkxg", {metadata}'
    bad = _challenge(world.api.get("/products", bearer="nonsense").expect(401, "invalid_token"))
    assert bad.startswith(bare)
    assert 'error="invalid_token"' in bad
    missing = world.api.get("/products", bearer=world.token("dpp:read")).expect(403, "insufficient_scope")
    assert 'scope="products:read"' in _challenge(missing)
    assert 'error="insufficient_scope"' in _challenge(missing)
    assert "products:read" in missing.object()["error_description"]


def test_a_missing_role_is_forbidden_and_not_insufficient_scope(world: World) -> None:
    answer = world.api.get("/oauth/clients", bearer=world.token()).expect(403, "access_denied")
    assert answer.values("www-authenticate") == []


def test_credentials_have_recognisable_prefixes(world: World) -> None:
    assert re.fullmatch(r"lxgcli_[A-Za-z0-9]{22}", world.oauth.client_id)
    assert re.fullmatch(r"lxgsec_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", world.oauth.client_secret)
    assert re.fullmatch(r"lxgref_[A-Za-z0-9_]+", world.owner.refresh)
