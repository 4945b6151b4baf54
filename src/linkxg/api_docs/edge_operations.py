"""The operations that the edge answers before the router, from the declarations of their endpoints."""

from collections.abc import Iterator
from typing import Any

from linkxg.api_docs.error_responses import KEY_SCHEMA, error_responses, header_references
from linkxg.api_docs.operations import JSON, summary_of
from linkxg.api_docs.schemas import Schemas
from linkxg.errors import PayloadTooLarge
from linkxg.http.headers import IDEMPOTENCY_KEY, REPLAYED
from linkxg.http.route_declaration import EdgeRoute, Form, RawRoute, RawRoutes, Schema

_FORM = "application/x-www-form-urlencoded"
_KEY = {"name": IDEMPOTENCY_KEY, "in": "header", "required": False, "schema": KEY_SCHEMA}
_NO_STORE = {
    "Cache-Control": {
        "description": "Answers must not be cached.",
        "schema": {"type": "string", "enum": ["no-store"]},
        "required": True,
    },
    "Pragma": {
        "description": "The same for HTTP/1.0 caches.",
        "schema": {"type": "string", "enum": ["no-cache"]},
        "required": True,
    },
}
_REPLAYED = {REPLAYED.name: {"description": REPLAYED.description, "schema": {"type": "string"}}}


def bodies(raw: RawRoutes) -> Iterator[Any]:
    """The types of the bodies that the endpoints read."""
    yield from (body for declared in _declared(raw) if not isinstance(body := declared.body, Form))


def answers(raw: RawRoutes) -> Iterator[Any]:
    """The types of the endpoints' answers."""
    yield from (answer for declared in _declared(raw) if not isinstance(answer := declared.answer, dict))


def _declared(raw: RawRoutes) -> Iterator[EdgeRoute]:
    return (endpoint.declares for methods in raw.values() for endpoint in methods.values())


def edge_operations(raw: RawRoutes, schemas: Schemas) -> dict[str, dict[str, Any]]:
    """Path items by path."""
    return {
        path: {method.lower(): _operation(endpoint, schemas) for method, endpoint in methods.items()}
        for path, methods in raw.items()
    }


def _operation(endpoint: RawRoute, schemas: Schemas) -> dict[str, Any]:
    declared = endpoint.declares
    summary, description = summary_of(endpoint.__call__.__doc__ or "")
    return {
        "tags": [str(declared.tag)],
        "operationId": declared.operation_id,
        "summary": summary,
        "description": f"{description}\n\n{declared.permission}",
        "security": declared.security,
        **({"parameters": [_KEY]} if declared.takes_idempotency_key else {}),
        **({"parameters": [_PROOF]} if declared.takes_proof else {}),
        "requestBody": {"required": True, "content": _body(declared.body, schemas)},
        "responses": {
            "200": {
                "description": "OK.",
                "headers": {
                    **header_references(["X-Request-Id"]),
                    **_NO_STORE,
                    **(_REPLAYED if declared.takes_idempotency_key else {}),
                },
                "content": {JSON: schemas.shown(_schema(declared.answer, schemas))},
            },
            **error_responses((*declared.errors, PayloadTooLarge), declared.style),
        },
    }


_PROOF = {
    "name": "DPoP",
    "in": "header",
    "required": False,
    "description": "A proof (RFC 9449), to whose key the token is bound. Its nonce is that of the last DPoP-Nonce.",
    "schema": {"type": "string", "maxLength": 4_096},
}


def _body(body: Any, schemas: Schemas) -> dict[str, Any]:
    if isinstance(body, Form):
        schema = {"type": "object", "properties": body.members, "required": list(body.required)}
        return {_FORM: schemas.shown(schema, body.example)}
    return {JSON: schemas.shown(schemas.of(body))}


def _schema(answer: Any, schemas: Schemas) -> Schema:
    return answer if isinstance(answer, dict) else schemas.of(answer)
