"""The operations of the document that the router answers, from the declarations of their routes.

Litestar has filled in path, parameters, tag and id; here come who may call, the bodies and every answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from linkxg.api_docs.error_responses import KEY_SCHEMA, error_responses, header_references
from linkxg.api_docs.schemas import PREFIX, Schemas
from linkxg.errors import (
    AccessDenied,
    IdempotencyKeyReused,
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidCursor,
    InvalidRequest,
    InvalidToken,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    PublicError,
    RateLimitExceeded,
    TemporarilyUnavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from linkxg.http.body_style import BodyStyle, style_of
from linkxg.http.headers import IDEMPOTENCY_KEY
from linkxg.http.permissions import RECENT, SCOPE_IF_ANY, SOURCE_BUDGET, scopes_of
from linkxg.http.route_declaration import Errors, Schema
from linkxg.identity.accounts.roles import EVERYONE

JSON = "application/json"
_CLAUSE = re.compile("[.;:] ")
_OF_PARAMETER: dict[str, type[PublicError]] = {
    "cursor": InvalidCursor,
    IDEMPOTENCY_KEY: IdempotencyKeyReused,
    "If-Match": PreconditionFailed,
}
_CLUTTER = ("deprecated", "allowEmptyValue", "allowReserved")


class TypedRoute(NamedTuple):
    """One operation: `body` and `answer` are the types that msgspec reads and writes, None where there is none."""

    path: str
    method: str
    handler: HTTPRouteHandler
    body: Any
    body_required: bool
    answer: Any

    @property
    def other_answers(self) -> dict[int, Any]:
        """Answers with another status, which the route declares as `other_answers`."""
        found: dict[int, Any] = self.handler.opt.get("other_answers", {})
        return found


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
    summary, description = summary_of(operation.get("description", ""))
    permit, security = _permission(route.handler.opt)
    operation["tags"] = [str(tag) for tag in operation["tags"]]
    operation["summary"] = summary
    operation["description"] = f"{description}\n\n{permit}".strip()
    operation["security"] = security
    operation.pop("deprecated", None)
    if "parameters" in operation:
        operation["parameters"] = [_parameter(parameter) for parameter in operation["parameters"]]
    if route.body is not None:
        shown = schemas.shown(schemas.of(route.body))
        media_types = operation["requestBody"]["content"]
        operation["requestBody"] = {"required": route.body_required, "content": dict.fromkeys(media_types, shown)}
    if "takes" in route.handler.opt:
        required = "may_be_empty" not in route.handler.opt
        operation["requestBody"] = {"required": required, "content": _media(route.handler.opt["takes"])}
    operation["responses"] = _successes(operation["responses"], route, schemas) | error_responses(
        _errors(operation, route), style_of(route.handler.opt), route.method.upper()
    )


def summary_of(docstring: str) -> tuple[str, str]:
    """(summary, description): the first clause without its full stop, and the rest."""
    first, _, rest = _CLAUSE.sub("\n", " ".join(docstring.split()), count=1).partition("\n")
    return first.removesuffix("."), rest[:1].upper() + rest[1:]


def _permission(opt: dict[str, Any]) -> tuple[str, list[dict[str, list[str]]]]:
    if needed := scopes_of(opt):
        listed = " and ".join(f"`{name}`" for name in needed)
        return f"Needs the scope{'s' * (len(needed) > 1)} {listed}.", [{"oauth": list(needed)}, {"bearer": []}]
    if allowed := opt.get("roles"):
        names = [role.capitalize() for role in EVERYONE if role in allowed]
        if len(names) == len(EVERYONE):
            return "For every signed-in person.", [{"bearer": []}]
        return f"For the roles {' and '.join(names)}.", [{"bearer": []}]
    if opt.get("any_caller"):
        return "For people and for clients.", [{"oauth": []}, {"bearer": []}]
    if scope := opt.get(SCOPE_IF_ANY):
        return f"Needs no token; one that is sent needs the scope `{scope}`.", [{}, {"oauth": [scope]}, {"bearer": []}]
    return "Needs no token.", []


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = dict(parameter["schema"])
    # An optional parameter is not nullable.
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
    if parameter["name"] == IDEMPOTENCY_KEY:
        schema |= KEY_SCHEMA
    kept = {name: value for name, value in parameter.items() if name not in _CLUTTER}
    return {**kept, "schema": schema}


def _successes(listed: dict[str, Any], route: TypedRoute, schemas: Schemas) -> dict[str, Any]:
    """The responses of success and redirection."""
    found: dict[str, Any] = {}
    for status, response in listed.items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            continue
        headers = {
            name: {"description": header.get("description", ""), "schema": {"type": "string"}}
            for name, header in (response.get("headers") or {}).items()
        }
        phrase = f"{HTTPStatus(int(status)).phrase}." if int(status) < HTTPStatus.MULTIPLE_CHOICES else ""
        found[status] = {
            "description": phrase or response["description"],
            "headers": header_references(["X-Request-Id"]) | headers,
        }
    if route.answer is not None:
        shown = schemas.shown(schemas.of(route.answer))
        found[str(route.handler.status_code)]["content"] = {JSON: shown}
    for other, kind in route.other_answers.items():
        headers = {
            name: one for name, one in found[str(route.handler.status_code)]["headers"].items() if name != "Location"
        }
        content = {JSON: schemas.shown(schemas.of(kind))}
        found[str(other)] = {"description": f"{HTTPStatus(other).phrase}.", "headers": headers, "content": content}
    if "gives" in route.handler.opt:
        found[str(route.handler.status_code)].setdefault("content", {}).update(_media(route.handler.opt["gives"]))
    return found


def _media(schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """The content of a body as the route declares it; a schema with a title is a component."""
    return {kind: {"schema": _referred(schema)} for kind, schema in schemas.items()}


def _referred(schema: Schema) -> Schema:
    return {"$ref": PREFIX + schema["title"]} if "title" in schema else schema


def titled(routes: Iterable[TypedRoute]) -> dict[str, Schema]:
    """The components that the routes declare themselves."""
    declared = (schema for route in routes for schema in route.handler.opt.get("takes", {}).values())
    return {schema["title"]: schema for schema in declared if "title" in schema}


def _errors(operation: dict[str, Any], route: TypedRoute) -> Errors:
    """The errors that the route declares, and those that follow from the rest of its declaration."""
    opt = route.handler.opt
    errors: Errors = (InvalidRequest, *opt.get("errors", ()))
    if not opt.get("public") or opt.get(SCOPE_IF_ANY):
        errors += (InvalidToken, RateLimitExceeded, TemporarilyUnavailable)
    if opt.get(SOURCE_BUDGET):
        errors += (RateLimitExceeded,)
    if opt.get("scope") or opt.get(SCOPE_IF_ANY):
        errors += (InsufficientScope,)
    if opt.get("roles"):
        errors += (AccessDenied,)
    if opt.get(RECENT):
        errors += (InsufficientUserAuthentication,)
    if "{" in route.path:
        errors += (NotFound,)
    if route.body is not None or "takes" in opt:
        errors += (PayloadTooLarge,)
        if style_of(opt) is BodyStyle.ENVELOPE:
            errors += (UnsupportedMediaType, ValidationFailed)
    return errors + tuple(
        error for parameter in operation.get("parameters", ()) if (error := _OF_PARAMETER.get(parameter["name"]))
    )
