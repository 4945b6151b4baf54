"""The OpenAPI operation of a typed route.

Litestar has filled in path, parameters, tag and id; here come who may call, the bodies and every answer.
"""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from linkxg.errors import (
    AccessDenied,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    NotFound,
    PayloadTooLarge,
    RateLimitExceeded,
    TemporarilyUnavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from linkxg.imports.uploads.routes import PART_TYPES
from linkxg.reference.answers import SPECIFIC, Errors, error_responses, header_references
from linkxg.reference.bounds import KEY_SCHEMA, NUMBER_SCHEMA, NUMBERS
from linkxg.reference.examples import example
from linkxg.reference.schemas import Schemas
from linkxg.web.permits import EVERYONE
from linkxg.web.strict_request import OAUTH_STYLE

JSON = "application/json"
_FILE = {"type": "string"}
_BYTES = {"type": "string", "format": "binary"}
IMPORT_FORM: dict[str, Any] = {
    "title": "ImportForm",
    "description": "A file as a browser sends it; fields beside it may carry the query parameters.",
    "type": "object",
    "properties": {"file": _BYTES},
    "required": ["file"],
}
_CLAUSE = re.compile("[.;:] ")
_CLUTTER = ("deprecated", "allowEmptyValue", "allowReserved")


class TypedRoute(NamedTuple):
    """One operation: `body` and `answer` are the types that msgspec reads and writes, None where there is none."""

    path: str
    method: str
    handler: HTTPRouteHandler
    body: Any
    body_required: bool
    answer: Any


def typed_routes(router: Litestar) -> Iterator[TypedRoute]:
    """The documented operations of the router."""
    for route in router.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            if handler.operation_id is None or not handler.resolve_include_in_schema():
                continue
            data = handler.parsed_data_field
            returned = handler.parsed_fn_signature.return_type
            answer = returned.annotation
            kinds = returned.inner_types
            if returned.is_subclass_of(Response):
                answer = kinds[0].annotation if kinds else bytes
            elif returned.is_union:
                answer = next(kind.annotation for kind in kinds if not kind.is_subclass_of(Response))
            body = None if data is None else next(t for t in data.inner_types or (data,) if not t.is_none_type)
            yield TypedRoute(
                route.path_format,
                next(iter(handler.http_methods)).lower(),
                handler,
                None if body is None or data is None else body.annotation,
                data is not None and not data.is_optional,
                answer if handler.status_code != HTTPStatus.NO_CONTENT and answer is not bytes else None,
            )


def finish(operation: dict[str, Any], route: TypedRoute, schemas: Schemas) -> None:
    """Complete the operation in place."""
    summary, description = told_in_two(operation.get("description", ""))
    permit, security = _permission(route.handler.opt)
    operation["summary"] = summary
    operation["description"] = f"{description}\n\n{permit}".strip()
    operation["security"] = security
    operation.pop("deprecated", None)
    if "parameters" in operation:
        operation["parameters"] = [_parameter(parameter) for parameter in operation["parameters"]]
    if route.body is not None:
        schema = schemas.of(route.body)
        shown = {"schema": schema, "example": example(schema, schemas.components)}
        media_types = operation["requestBody"]["content"]
        operation["requestBody"] = {"required": route.body_required, "content": dict.fromkeys(media_types, shown)}
    if "takes" in route.handler.opt:
        required = "may_be_empty" not in route.handler.opt
        # First what a generated client is to send: most take the first media type alone.
        kinds = sorted(route.handler.opt["takes"], key=lambda kind: not kind.startswith("multipart/"))
        operation["requestBody"] = {"required": required, "content": _files(kinds)}
    oauth = route.path.startswith(OAUTH_STYLE[0])
    operation["responses"] = _successes(operation["responses"], route, schemas) | error_responses(
        _errors(operation["operationId"], route), oauth=oauth
    )


def told_in_two(docstring: str) -> tuple[str, str]:
    """(summary, description): the first clause without its full stop, and the rest."""
    first, _, rest = _CLAUSE.sub("\n", " ".join(docstring.split()), count=1).partition("\n")
    return first.removesuffix("."), rest[:1].upper() + rest[1:]


def _permission(opt: dict[str, Any]) -> tuple[str, list[dict[str, list[str]]]]:
    if scope := opt.get("scope"):
        return f"Needs the scope `{scope}`.", [{"oauth": [scope]}, {"bearer": []}]
    if allowed := opt.get("roles"):
        names = [role.capitalize() for role in EVERYONE if role in allowed]
        if len(names) == len(EVERYONE):
            return "For every signed-in person.", [{"bearer": []}]
        return f"For the roles {' and '.join(names)}.", [{"bearer": []}]
    if opt.get("any_caller"):
        return "For people and for clients.", [{"oauth": []}, {"bearer": []}]
    return "Needs no token.", []


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = dict(parameter["schema"])
    # A parameter that may be left out is not one that may be null.
    options = [option for option in schema.pop("oneOf", ()) if option.get("type") != "null"]
    schema = {**(options[0] if options else {}), **schema}
    if isinstance(schema.get("type"), list):
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    for bound in ("minimum", "maximum"):
        if bound in schema and schema.get("type") == "integer":
            schema[bound] = int(schema[bound])
    schema.pop("description", None)
    if parameter["name"] == "Idempotency-Key":
        schema |= KEY_SCHEMA
    if parameter["in"] == "path" and parameter["name"] in NUMBERS:
        schema = NUMBER_SCHEMA
    kept = {name: value for name, value in parameter.items() if name not in _CLUTTER}
    return {**kept, "schema": schema}


def _successes(listed: dict[str, Any], route: TypedRoute, schemas: Schemas) -> dict[str, Any]:
    """What the route answers when it does what it is for; its errors are written elsewhere."""
    found: dict[str, Any] = {}
    for status, response in listed.items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            continue
        headers = {
            name: {"description": header.get("description", ""), "schema": {"type": "string"}}
            for name, header in (response.get("headers") or {}).items()
        }
        told = f"{HTTPStatus(int(status)).phrase}." if int(status) < HTTPStatus.MULTIPLE_CHOICES else ""
        found[status] = {
            "description": told or response["description"],
            "headers": header_references(["X-Request-Id"]) | headers,
        }
    if route.answer is not None:
        schema = schemas.of(route.answer)
        shown = {"schema": schema, "example": example(schema, schemas.components)}
        found[str(route.handler.status_code)]["content"] = {JSON: shown}
    if "gives" in route.handler.opt:
        found[str(route.handler.status_code)].setdefault("content", {}).update(_files(route.handler.opt["gives"]))
    return found


def _files(media_types: Iterable[str]) -> dict[str, Any]:
    """Files, of whose rows no schema tells."""
    return {kind: {"schema": _file(kind)} for kind in media_types}


def _file(kind: str) -> dict[str, Any]:
    """A file of JSON is an array; a form has a field that holds the file; a part of a file is any bytes."""
    if kind in PART_TYPES:
        return {**_BYTES, "description": "The bytes of the file from Upload-Offset on."}
    if kind.startswith("multipart/"):
        return {"$ref": "#/components/schemas/ImportForm"}
    return {"type": "array", "items": {"type": "object"}} if kind == JSON else _FILE


def _errors(operation_id: str, route: TypedRoute) -> Errors:
    opt = route.handler.opt
    errors: Errors = (InvalidRequest, *SPECIFIC.get(operation_id, ()))
    if not opt.get("public"):
        errors += (InvalidToken, RateLimitExceeded, TemporarilyUnavailable)
    if opt.get("scope"):
        errors += (InsufficientScope,)
    if opt.get("roles"):
        errors += (AccessDenied,)
    if "{" in route.path:
        errors += (NotFound,)
    if route.body is not None or "takes" in opt:
        errors += (PayloadTooLarge,)
        if not route.path.startswith(OAUTH_STYLE):
            errors += (UnsupportedMediaType, ValidationFailed)
    return errors
