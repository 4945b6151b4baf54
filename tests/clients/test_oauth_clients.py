"""Authlib and requests-oauthlib obtain, use, introspect and revoke tokens."""

from __future__ import annotations

from typing import Any

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidScopeError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsOAuth2Session

from clients.conftest import Service

METHODS = ("client_secret_basic", "client_secret_post")
SCOPE = "products:read connections:read"


def authlib_session(service: Service, method: str, **options: Any) -> Any:
    session = OAuth2Session(
        service.client_id,
        service.client_secret,
        scope=SCOPE,
        token_endpoint=service.token_url,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        grant_type="client_credentials",
        **options,
    )
    session.trust_env, session.verify = False, str(service.certificate)
    return session


@pytest.mark.parametrize("method", METHODS)
def test_authlib_gets_and_uses_a_token(service: Service, method: str) -> None:
    with authlib_session(service, method) as session:
        token = session.fetch_token()
        service.server.vault.remember("access token", token["access_token"])
        assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 900, SCOPE)
        answer = session.get(f"{service.url}/api/v1/products")
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] == []
        assert (
            session.post(f"{service.url}/api/v1/products", json={"sku": "1", "content": {"name": "x"}}).status_code
            == 403
        )


@pytest.mark.parametrize("method", METHODS)
def test_authlib_introspects_and_revokes_a_token(service: Service, method: str) -> None:
    with authlib_session(service, method) as session:
        token = session.fetch_token()["access_token"]
        service.server.vault.remember("access token", token)
        introspection = f"{service.url}/api/v1/oauth/introspect"
        alive = session.introspect_token(introspection, token=token)
        assert alive.json()["active"] is True
        assert alive.json()["client_id"] == service.client_id
        gone = session.revoke_token(f"{service.url}/api/v1/oauth/revoke", token=token)
        assert gone.status_code == 200, gone.text
        assert session.introspect_token(introspection, token=token).json() == {"active": False}
        assert session.get(f"{service.url}/api/v1/products").status_code == 401


def test_authlib_renews_an_expired_token(service: Service) -> None:
    fetched: list[str] = []

    def keep(token: dict[str, Any], **_: Any) -> None:
        fetched.append(service.server.vault.remember("access token", token["access_token"]))

    with authlib_session(service, "client_secret_basic", update_token=keep) as session:
        first = session.fetch_token()
        service.server.vault.remember("access token", first["access_token"])
        session.token = {**first, "expires_at": 1}
        assert session.get(f"{service.url}/api/v1/products").status_code == 200
        assert len(fetched) == 1
        assert fetched[0] != first["access_token"]


def backend_session(service: Service) -> Any:
    session = RequestsOAuth2Session(client=BackendApplicationClient(client_id=service.client_id, scope=SCOPE))
    session.trust_env, session.verify = False, str(service.certificate)
    return session


@pytest.mark.parametrize("method", METHODS)
def test_requests_oauthlib_gets_and_uses_a_token(service: Service, method: str) -> None:
    credentials: dict[str, Any] = {"auth": HTTPBasicAuth(service.client_id, service.client_secret)}
    if method == "client_secret_post":
        credentials = {"client_secret": service.client_secret, "include_client_id": True}
    with backend_session(service) as session:
        token = session.fetch_token(service.token_url, verify=str(service.certificate), **credentials)
        service.server.vault.remember("access token", token["access_token"])
        assert token["token_type"] == "Bearer"
        assert session.get(f"{service.url}/api/v1/products").status_code == 200


def test_requests_oauthlib_understands_errors(service: Service) -> None:
    with backend_session(service) as session, pytest.raises(InvalidClientError):
        session.fetch_token(
            service.token_url, verify=str(service.certificate), auth=HTTPBasicAuth(service.client_id, "wrong")
        )
    with backend_session(service) as session, pytest.raises(InvalidScopeError):
        session.fetch_token(
            service.token_url,
            verify=str(service.certificate),
            auth=HTTPBasicAuth(service.client_id, service.client_secret),
            scope=["products:fly"],
        )


def test_authlib_accepts_the_metadata(service: Service, algorithm: str) -> None:
    found = service.document("/.well-known/oauth-authorization-server")
    metadata = AuthorizationServerMetadata(found)
    metadata.validate()
    assert metadata["issuer"] == service.url
    assert ("jwks_uri" in metadata) == (algorithm != "HS256")


def test_metadata_leads_to_a_token(service: Service) -> None:
    """A client that knows only the resource finds its way (RFC 9728, then RFC 8414)."""
    resource = service.document("/.well-known/oauth-protected-resource")
    issuer = resource["authorization_servers"][0]
    assert issuer == service.url
    metadata = service.document("/.well-known/oauth-authorization-server")
    with OAuth2Session(service.client_id, service.client_secret, scope=SCOPE) as session:
        session.trust_env, session.verify = False, str(service.certificate)
        token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        service.server.vault.remember("access token", token["access_token"])
        assert session.get(f"{resource['resource']}/products").status_code == 200
