"""The token request of the client credentials grant (RFC 6749 §4.4).

The client authenticates by HTTP Basic (§2.3.1), an assertion (RFC 7523 §2.2) or its certificate (RFC 8705 §2).
"""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus, urlencode

import httpx

from linkxg_client.access_token import AccessToken
from linkxg_client.connection import Connection
from linkxg_client.dpop import DpopKey, ProofAuth
from linkxg_client.errors import UnexpectedAnswer, error_of, json_object
from linkxg_client.retry import RetryPolicy, send_with_retry
from linkxg_client.secret import Assertion, ByCertificate, Secret
from linkxg_client.steps import Flow

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"


def request_token(
    connection: Connection, client_id: str, secret: Secret, scope: str | None, policy: RetryPolicy,
    dpop: DpopKey | None = None, *, resource: str | None = None,
) -> Flow[AccessToken]:  # fmt: skip
    """A new token, bound to the key `dpop` if there is one, for the service `resource` (RFC 8707 §2) or the API.

    Raises InvalidClient, InvalidScope, RateLimited, …"""
    clock = connection.clock
    asked_at = clock.now()
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    if resource is not None:
        form["resource"] = resource
    # By `auth`, so that each attempt has a proof of its own.
    auth = ProofAuth(dpop, clock) if dpop is not None else None
    request = _post(connection, "/oauth/token", client_id, secret, form)
    response = yield from send_with_retry(request, policy, clock, auth=auth)
    if response.status_code != 200:
        raise error_of(response, clock)
    token = _token(response, asked_at, connection, dpop)
    if token is None:
        expected = "bearer token" if dpop is None else "token that is bound to the key"
        raise UnexpectedAnswer(f"The token endpoint answered without a {expected}. Is the address right?")
    return token


def introspect(connection: Connection, client_id: str, secret: Secret, token: AccessToken) -> Flow[dict[str, object]]:
    """What the service knows about a token (RFC 7662)."""
    request = _post(connection, "/oauth/introspect", client_id, secret, {"token": token.reveal()})
    response = yield from send_with_retry(request, RetryPolicy(), connection.clock)
    if response.status_code != 200:
        raise error_of(response, connection.clock)
    return dict(json_object(response) or {})


def _post(connection: Connection, path: str, client_id: str, secret: Secret, form: dict[str, str]) -> httpx.Request:
    headers = {"Content-Type": FORM}
    if isinstance(secret, Assertion):
        form = form | {"client_id": client_id, "client_assertion_type": ASSERTION_TYPE}
        form["client_assertion"] = secret.reveal()
    elif isinstance(secret, ByCertificate):
        form = form | {"client_id": client_id}
    else:
        basic = b64encode(f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    return connection.request("POST", path, headers=headers, content=urlencode(form).encode())


def _token(
    response: httpx.Response, asked_at: float, connection: Connection, dpop: DpopKey | None
) -> AccessToken | None:
    body = json_object(response) or {}
    value, kind, lifetime = body.get("access_token"), body.get("token_type"), body.get("expires_in")
    # A token that is not bound, though a proof was sent, is not used (RFC 9449 §5).
    expected = "bearer" if dpop is None else "dpop"
    if not isinstance(value, str) or str(kind).lower() != expected or not isinstance(lifetime, (int, float)):
        return None
    return AccessToken(value, float(lifetime), str(body.get("scope", "")), asked_at, connection.clock, dpop)
