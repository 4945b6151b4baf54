"""Creates OAuth clients and gets their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.answers import Answer
from harness.client import Client
from harness.people import Session

SCOPES = (
    "products:read",
    "products:write",
    "connections:read",
    "connections:write",
    "imports:write",
    "traceability:read",
    "dpp:read",
)
ALL_SCOPES = " ".join(SCOPES)


@dataclass(frozen=True)
class OAuthClient:
    """A machine with credentials."""

    client_id: str
    client_secret: str
    scope: str
    secret_id: str

    @property
    def form(self) -> dict[str, str]:
        """The guide's token request, credentials in the body."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }


def create_client(client: Client, by: Session, scope: str = ALL_SCOPES, **extra: Any) -> Answer:
    """One attempt to create an OAuth client."""
    return client.post(
        "/oauth/clients",
        bearer=by.access,
        json={"client_name": "ERP Integration", "scope": scope, **extra},
        reveals=True,
    )


def make_client(client: Client, by: Session, scope: str = ALL_SCOPES, **extra: Any) -> OAuthClient:
    """A new OAuth client with these scopes."""
    body = create_client(client, by, scope, **extra).expect(201).object()
    return OAuthClient(body["client_id"], body["client_secret"], body["scope"], body["secrets"][0]["id"])


def request_token(client: Client, oauth: OAuthClient, scope: str | None = None, **extra: str) -> Answer:
    """One token request as in the guide."""
    form = oauth.form | ({"scope": scope} if scope is not None else {}) | extra
    return client.post("/oauth/token", form=form, reveals=True)


def get_token(client: Client, oauth: OAuthClient, scope: str | None = None) -> str:
    """A fresh access token."""
    return str(request_token(client, oauth, scope).expect(200).object()["access_token"])


def rotate(client: Client, oauth: OAuthClient, bearer: str, **body: Any) -> Answer:
    """One attempt to rotate; without members the request has no body, as in the guide."""
    return client.post(f"/oauth/clients/{oauth.client_id}/rotate", bearer=bearer, json=body or None, reveals=True)


def with_secret(oauth: OAuthClient, rotated: Answer) -> OAuthClient:
    """The same client after a rotation."""
    return OAuthClient(oauth.client_id, rotated.object()["client_secret"], oauth.scope, secret_id="unknown")


def introspect(client: Client, by: OAuthClient, token: str, **extra: str) -> Answer:
    """Ask what a token is, with the client's own credentials."""
    headers = {"Authorization": client.vault.basic(by.client_id, by.client_secret)}
    return client.post("/oauth/introspect", form={"token": token, **extra}, headers=headers)


def revoke(client: Client, by: OAuthClient, token: str, **extra: str) -> Answer:
    """Revoke a token, with the client's own credentials."""
    headers = {"Authorization": client.vault.basic(by.client_id, by.client_secret)}
    return client.post("/oauth/revoke", form={"token": token, **extra}, headers=headers)


def is_accepted(client: Client, token: str) -> bool:
    """Whether this token with products:read is still accepted by the products API."""
    answer = client.get("/products", bearer=token)
    assert answer.status in {200, 401}, answer
    return answer.status == 200


def make_resource_server(client: Client, by: Session, resource: str, **extra: Any) -> OAuthClient:
    """A new resource server with this identifier."""
    fields = {"client_name": "Guarded service", "resource": resource, **extra}
    body = client.post("/oauth/clients", bearer=by.access, json=fields, reveals=True).expect(201).object()
    assert (body["resource"], body["scope"]) == (resource, "")
    return OAuthClient(body["client_id"], body["client_secret"], body["scope"], body["secrets"][0]["id"])
