"""Tests a credential with a real request to the token endpoint."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from linkxg.errors import PublicError
from linkxg.http.forms import FORM_TYPE
from linkxg.http.rate_limits import Budget
from linkxg.http.request_context import RawEndpoint, RequestContext

CREDENTIAL_TESTS = Budget("console-tests", 30, 60)


class Trial(NamedTuple):
    """The token endpoint's response without the token; `error` is its error code."""

    status: int
    scope: str
    expires_in: int
    error: str
    description: str


async def try_credential(endpoint: RawEndpoint, context: RequestContext, client_id: str, secret: str) -> Trial:
    """Request a token and discard it."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    body = urlencode(form).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    token_request = RequestContext("POST", context.request_id, context.source, [(b"content-type", FORM_TYPE)], receive)
    token_request.route = "/api/v1/oauth/token, tested in the console"
    try:
        reply = await endpoint(token_request)
    except PublicError as error:
        return Trial(error.status, "", 0, error.code, error.description)
    answer = msgspec.json.decode(reply.body)
    return Trial(reply.status, answer["scope"], answer["expires_in"], "", "")
