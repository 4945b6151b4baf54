"""The error responses of the reference.

Which errors a route has follows from its declaration; every error has the one body `ErrorResponse`.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from linkxg.db.idempotency import MAX_KEY
from linkxg.error_catalogue import CATALOGUE
from linkxg.errors import AccessDenied, PublicError, SignUpDisabled
from linkxg.http.body_style import BodyStyle
from linkxg.http.error_responses import epcis_exception

KEY_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[ -~]+$"}
"""Of the `Idempotency-Key` header."""
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "The server's id of this request, by which to find it in the log.",
        "required": True,
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate: `Bearer` (RFC 6750 §3), or `Basic` where client credentials are required.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which the same request can succeed.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimit-Policy": {
        "description": "The budget that is used up: its name, `q` requests per `w` seconds.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "The rest of that budget: `r` requests, until `t` seconds from now.",
        "required": True,
        "schema": {"type": "string"},
    },
}
_HEADERS_OF = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
    503: ("Retry-After",),
}

ERROR_SCHEMA: dict[str, Any] = {
    "description": "The body of every error. Under `/oauth` it has only the first two members (RFC 6749 §5.2).",
    "type": "object",
    "properties": {
        "error": {
            "type": "string",
            "enum": sorted(error.code for error in CATALOGUE),
            "description": "The error code; programs decide by it.",
        },
        "error_description": {
            "type": "string",
            "pattern": r"^[\x20-\x21\x23-\x5b\x5d-\x7e]+$",
            "description": "One sentence for people; it may change.",
        },
        "success": {"type": "boolean", "description": "Always false."},
        "details": {"type": "array", "items": {"$ref": "#/components/schemas/ErrorDetail"}},
        "requestId": {"type": "string", "description": "The same as `X-Request-Id`."},
        "mfaToken": {"type": "string", "description": "Of `mfa_required` and `mfa_enrollment_required` alone."},
        "methods": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The second factors by which the sign-in can be completed, or that can be set up.",
        },
    },
    "required": ["error", "error_description"],
    "additionalProperties": False,
}
DETAIL_SCHEMA: dict[str, Any] = {
    "description": "What is wrong with one field.",
    "type": "object",
    "properties": {
        "field": {"type": "string"},
        "code": {"type": "string"},
        "message": {"type": "string"},
    },
    "required": ["field", "code", "message"],
    "additionalProperties": False,
}


PROBLEM_SCHEMA: dict[str, Any] = {
    "description": "The body of every error of EPCIS: a problem (RFC 9457) with the members of every other error.",
    "type": "object",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "The exception of EPCIS 2.0, as `epcisException:…`.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        **ERROR_SCHEMA["properties"],
    },
    "required": ["type", "title", "status", "error", "error_description"],
    "additionalProperties": False,
}


def header_references(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def error_responses(
    errors: Iterable[type[PublicError]], style: BodyStyle = BodyStyle.ENVELOPE, method: str = ""
) -> dict[str, Any]:
    """Response objects by status; each names its codes and shows one example of each."""
    by_status: dict[int, dict[str, type[PublicError]]] = {}
    for error in sorted(set(errors), key=_order):
        by_status.setdefault(error.status, {})[error.code] = error
    return {str(status): _response(status, found, style, method) for status, found in by_status.items()}


def _order(error: type[PublicError]) -> tuple[int, int]:
    return error.status, CATALOGUE.index(error)


def _response(status: int, errors: dict[str, type[PublicError]], style: BodyStyle, method: str) -> dict[str, Any]:
    names = ["X-Request-Id", *_HEADERS_OF.get(status, ())]
    if status == AccessDenied.status and set(errors) <= {AccessDenied.code, SignUpDisabled.code}:
        # No other token helps where a role is missing, or a setting is off, so there is no challenge.
        names.remove("WWW-Authenticate")
    codes = " or ".join(f"`{code}`" for code in errors)
    is_problem = style is BodyStyle.EPCIS
    return {
        "description": f"{HTTPStatus(status).phrase}: {codes}.",
        "headers": header_references(names),
        "content": {
            "application/problem+json" if is_problem else "application/json": {
                "schema": {"$ref": f"#/components/schemas/{'EpcisProblem' if is_problem else 'ErrorResponse'}"},
                "examples": {code: {"value": _example(error, style, method)} for code, error in errors.items()},
            }
        },
    }


def _example(error: type[PublicError], style: BodyStyle, method: str) -> dict[str, Any]:
    body: dict[str, Any] = {"error": error.code, "error_description": error.text} | error.example
    if style is BodyStyle.OAUTH:
        return body
    body = {"success": False, **body, "requestId": "3f9c1b7a42d000000001"}
    if style is not BodyStyle.EPCIS:
        return body
    kind = epcis_exception(error, method)
    return {"type": kind, "title": error.text, "status": error.status, "detail": error.text, **body}
