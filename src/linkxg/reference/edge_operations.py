"""The operations that the edge answers before the router, described by hand.

Three take a form and client credentials (RFC 6749 §3.2, RFC 7662 §2, RFC 7009 §2), one takes JSON. Their bodies are
read by hand, so their schemas are written by hand, next to the limits that the readers use.
"""

from typing import Any

from linkxg.errors import InvalidRequest, InvalidToken, PayloadTooLarge, RateLimitExceeded, TemporarilyUnavailable
from linkxg.oauth import introspection_endpoint, revocation_endpoint, token_endpoint
from linkxg.oauth.client_authentication import MAX_CLIENT_ID, MAX_SECRET
from linkxg.oauth.grants import client_credentials
from linkxg.oauth.introspection_endpoint import Introspection
from linkxg.oauth.token_endpoint import TokenAnswer
from linkxg.reference.answers import CLIENT_AUTHENTICATION, TOKEN, Errors, error_responses, header_references
from linkxg.reference.bounds import KEY_SCHEMA
from linkxg.reference.examples import example
from linkxg.reference.schemas import Schema, Schemas
from linkxg.sessions import refresh_endpoint
from linkxg.sessions.model import SignedIn
from linkxg.sessions.refresh_endpoint import RefreshRequest
from linkxg.tokens.scopes import SCOPES
from linkxg.web.pages import Success

REFRESH_ANSWER = Success[SignedIn]
ASKED = (RefreshRequest,)
ANSWERED = (TokenAnswer, Introspection, REFRESH_ANSWER)

_FORM = "application/x-www-form-urlencoded"
_TAG = "OAuth"
# Credentials come by HTTP Basic or, with the empty requirement, as parameters of the form.
_CLIENT: list[dict[str, list[str]]] = [{"basic": []}, {}]
_CREDENTIALS = {
    "client_id": {
        "type": "string",
        "maxLength": MAX_CLIENT_ID,
        "description": "Left out when the credentials come by HTTP Basic.",
    },
    "client_secret": {
        "type": "string",
        "maxLength": MAX_SECRET,
        "description": "Left out when the credentials come by HTTP Basic.",
    },
}
_TOKEN = {"type": "string", "description": "An access token."}
_HINT = {"type": "string", "description": "Accepted and not needed: tokens tell their own kind."}
_NO_STORE = {
    "Cache-Control": {
        "description": "Answers are not kept.",
        "schema": {"type": "string", "enum": ["no-store"]},
        "required": True,
    },
    "Pragma": {
        "description": "The same for old caches.",
        "schema": {"type": "string", "enum": ["no-cache"]},
        "required": True,
    },
}


def edge_operations(schemas: Schemas) -> dict[str, dict[str, Any]]:
    """Path items by path."""
    return {
        token_endpoint.PATH: {"post": _token(schemas)},
        introspection_endpoint.PATH: {"post": _introspect(schemas)},
        revocation_endpoint.PATH: {"post": _revoke()},
        refresh_endpoint.PATH: {"post": _refresh(schemas)},
    }


def _token(schemas: Schemas) -> dict[str, Any]:
    return {
        "tags": [_TAG],
        "operationId": "requestToken",
        "summary": "Request an access token",
        "description": (
            "The client credentials grant (RFC 6749 §4.4). Without `scope` the token carries all that the client was "
            "granted; a scope that it was not granted refuses the whole request.\n\n"
            "Needs client credentials, by HTTP Basic or in the form, not both."
        ),
        "security": _CLIENT,
        "requestBody": _form(
            {
                "grant_type": {"type": "string", "enum": [client_credentials.NAME]},
                "scope": {
                    "type": "string",
                    "maxLength": client_credentials.MAX_SCOPE,
                    "description": f"Separated by spaces, of: {', '.join(SCOPES)}.",
                },
                **_CREDENTIALS,
            },
            "grant_type",
        ),
        "responses": _answers(schemas.of(TokenAnswer), schemas, TOKEN),
    }


def _introspect(schemas: Schemas) -> dict[str, Any]:
    return {
        "tags": [_TAG],
        "operationId": "introspectToken",
        "summary": "Ask whether a token is alive",
        "description": (
            "RFC 7662. A dead, foreign or unknown token answers exactly `active: false`.\n\n"
            "Needs client credentials of the token's own account, by HTTP Basic or in the form, not both."
        ),
        "security": _CLIENT,
        "requestBody": _form({"token": _TOKEN, "token_type_hint": _HINT, **_CREDENTIALS}, "token"),
        "responses": _answers(schemas.of(Introspection), schemas, CLIENT_AUTHENTICATION),
    }


def _revoke() -> dict[str, Any]:
    return {
        "tags": [_TAG],
        "operationId": "revokeToken",
        "summary": "Give a token back",
        "description": (
            "RFC 7009. The token is dead when this answers. A token that is dead, unknown or not the client's own "
            "answers 200 as well.\n\nNeeds client credentials, by HTTP Basic or in the form, not both."
        ),
        "security": _CLIENT,
        "requestBody": _form({"token": _TOKEN, "token_type_hint": _HINT, **_CREDENTIALS}, "token"),
        "responses": _answers({"type": "object", "maxProperties": 0}, None, CLIENT_AUTHENTICATION),
    }


def _refresh(schemas: Schemas) -> dict[str, Any]:
    body = schemas.of(RefreshRequest)
    return {
        "tags": ["People"],
        "operationId": "refresh",
        "summary": "Exchange a refresh token",
        "description": (
            "The refresh token is used up, and its successor is in the answer. Using one twice ends the session, "
            "unless the repetition carries the same `Idempotency-Key` within a minute: then it gets the same answer."
            "\n\nNeeds no token but the refresh token in the body."
        ),
        "security": [],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": KEY_SCHEMA,
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example(body, schemas.components)}},
        },
        "responses": _answers(
            schemas.of(REFRESH_ANSWER),
            schemas,
            (InvalidRequest, InvalidToken, RateLimitExceeded, TemporarilyUnavailable),
            oauth=False,
        ),
    }


def _form(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"required": True, "content": {_FORM: {"schema": schema, "example": example(schema, {})}}}


def _answers(schema: Schema, schemas: Schemas | None, errors: Errors, *, oauth: bool = True) -> dict[str, Any]:
    shown = example(schema, schemas.components if schemas else {})
    success = {
        "description": "OK.",
        "headers": header_references(["X-Request-Id"]) | _NO_STORE,
        "content": {"application/json": {"schema": schema, "example": shown}},
    }
    return {"200": success} | error_responses((*errors, PayloadTooLarge), oauth=oauth)
