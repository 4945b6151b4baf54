"""PyJWT and joserfc verify access tokens with nothing but the published keys."""

from __future__ import annotations

import ssl
from typing import Any

import jwt
import pytest
import requests
from joserfc import jwt as joserfc_jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from clients.conftest import ALGORITHMS, Service

JWKS = "/.well-known/jwks.json"
# HS256 is for the service itself: it has no public key.
PUBLIC = pytest.mark.parametrize("service", ALGORITHMS[1:], indirect=True)


def damaged(token: str) -> str:
    """The same token with another character in the middle of its signature."""
    at = token.rindex(".") + 20
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def pyjwt_claims(service: Service, algorithm: str, token: str) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=str(service.certificate))
    metadata = service.document("/.well-known/oauth-authorization-server")
    keys = jwt.PyJWKClient(metadata["jwks_uri"], ssl_context=context, lifespan=300)
    key = keys.get_signing_key_from_jwt(token)
    audience = f"{service.url}/api/v1"
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        audience=audience,
        issuer=service.url,
        options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"], "strict_aud": True},
    )
    return claims


def test_a_symmetric_key_is_published_nowhere(service: Service, algorithm: str) -> None:
    if algorithm == "HS256":
        assert service.document(JWKS) == {"keys": []}
        return
    keys = service.document(JWKS)["keys"]
    assert [key["alg"] for key in keys] == [algorithm]
    private = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
    assert not private & keys[0].keys()
    assert keys[0]["use"] == "sig"
    assert keys[0]["kid"] == jwt.get_unverified_header(service.token())["kid"]


@PUBLIC
def test_pyjwt_verifies_access_tokens(service: Service, algorithm: str) -> None:
    token = service.token()
    claims = pyjwt_claims(service, algorithm, token)
    assert claims["client_id"] == claims["sub"] == service.client_id
    assert claims["exp"] - claims["iat"] == 900
    with pytest.raises(jwt.InvalidSignatureError):
        pyjwt_claims(service, algorithm, damaged(token))


@PUBLIC
# RFC 9864 renames EdDSA to Ed25519; the setting keeps the name that JOSE libraries know today.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")
def test_joserfc_verifies_access_tokens(service: Service, algorithm: str) -> None:
    keys = KeySet.import_key_set(service.document(JWKS))  # type: ignore[arg-type]
    token = service.token()
    registry = JWSRegistry(algorithms=[algorithm])
    found = joserfc_jwt.decode(token, keys, algorithms=[algorithm], registry=registry)
    assert found.header["typ"] == "at+jwt"
    rules = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": service.url},
        aud={"essential": True, "value": f"{service.url}/api/v1"},
        sub={"essential": True, "value": service.client_id},
        exp={"essential": True},
    )
    rules.validate(found.claims)
    with pytest.raises(BadSignatureError):
        joserfc_jwt.decode(damaged(token), keys, algorithms=[algorithm], registry=registry)


def test_the_service_rejects_a_damaged_token(service: Service) -> None:
    token = service.token()
    for presented, status in ((token, 200), (damaged(token), 401)):
        headers = {"Authorization": f"Bearer {presented}"}
        answer = requests.get(
            f"{service.url}/api/v1/products", headers=headers, verify=str(service.certificate), timeout=10
        )
        assert answer.status_code == status, answer.text
