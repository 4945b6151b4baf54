"""Builds the OpenAPI 3.1 document from the routes.

As OpenAPI 3.1, made from the routes themselves, so that it cannot tell of another program: paths, parameters and ids
by Litestar, bodies by msgspec, callers by the permits, errors by the catalogue.
"""

from collections.abc import Sequence
from typing import Any

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from linkxg.errors import CATALOGUE
from linkxg.oauth.token_endpoint import PATH as TOKEN_PATH
from linkxg.reference.answers import DETAIL_SCHEMA, ERROR_SCHEMA, HEADERS
from linkxg.reference.edge_operations import ANSWERED, ASKED, edge_operations
from linkxg.reference.operations import IMPORT_FORM, finish, typed_routes
from linkxg.reference.schemas import Schemas
from linkxg.tokens.scopes import SCOPES

_DESCRIPTION = """\
Product data between companies. Machines get a token with the client credentials grant, people by signing in; both \
live 15 minutes and travel in the `Authorization` header.

Endpoints under `/oauth` speak the RFCs: flat JSON in snake_case. All others answer `{"success": true, "data": …}` in \
camelCase. Every error has the same flat body, and every answer carries `X-Request-Id`.

An address answers 405 with `Allow` to a method that it does not have, and 404 to everybody when it does not exist. \
What belongs to another account does not exist."""
_TAGS = {
    "OAuth": "Tokens for machines: RFC 6749, RFC 7662, RFC 7009.",
    "OAuth clients": "An account's clients and their secrets. For Owners and Admins.",
    "People": "Signing in and out, sessions, password.",
    "Account": "The organisation, its people and its audit trail.",
    "Products": "The account's own products.",
    "Imports": "Files of products, and what became of their rows.",
    "Discovery": "What a client can find out by itself: RFC 8414, RFC 9728, RFC 7517.",
    "Service": "Is it alive and ready?",
}
SECURITY_SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The access token of a person who signed in (`login`).",
    },
    "oauth": {
        "type": "oauth2",
        "description": "The access token of a client, sent as Bearer (RFC 6750).",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "`client_id` and `client_secret`, form-encoded before they are joined (RFC 6749 §2.3.1).",
    },
}


def describe(handlers: Sequence[ControllerRouterHandler], issuer: str, version: str) -> dict[str, Any]:
    """The document of these routes and of the endpoints at the edge, for the service at `issuer`."""
    # A router that never serves: the serving one then has no routes but its own.
    router = Litestar(
        route_handlers=list(handlers),
        openapi_config=OpenAPIConfig(title="LinkXG API", version=version, use_handler_docstrings=True),
        logging_config=None,
    )
    listed = router.openapi_schema.to_schema()
    routes = list(typed_routes(router))
    schemas = Schemas(
        [*ASKED, *(route.body for route in routes if route.body is not None)],
        [*ANSWERED, *(route.answer for route in routes if route.answer is not None)],
    )
    for route in routes:
        finish(listed["paths"][route.path][route.method], route, schemas)
    paths = _sorted_by_tag({**listed["paths"], **edge_operations(schemas)})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LinkXG API",
            "version": version,
            "description": _DESCRIPTION,
            "contact": {"name": "The operator of this service", "url": issuer},
            "license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
        },
        "servers": [{"url": issuer}],
        "tags": [{"name": name, "description": text} for name, text in _used_tags(paths).items()],
        "paths": paths,
        "components": {
            "schemas": {
                "ErrorResponse": ERROR_SCHEMA,
                "ErrorDetail": DETAIL_SCHEMA,
                "ImportForm": IMPORT_FORM,
                **schemas.components,
            },
            "headers": HEADERS,
            "securitySchemes": _security_schemes(issuer),
        },
        "x-errors": [{"error": error.code, "status": error.status, "meaning": error.meaning} for error in CATALOGUE],
    }


def _security_schemes(issuer: str) -> dict[str, Any]:
    flow = {"tokenUrl": issuer + TOKEN_PATH, "scopes": dict(SCOPES)}
    return {**SECURITY_SCHEMES, "oauth": {**SECURITY_SCHEMES["oauth"], "flows": {"clientCredentials": flow}}}


def _used_tags(paths: dict[str, Any]) -> dict[str, str]:
    used = {tag for item in paths.values() for operation in item.values() for tag in operation["tags"]}
    known = {name: text for name, text in _TAGS.items() if name in used}
    return known | dict.fromkeys(sorted(used - _TAGS.keys()), "")


def _sorted_by_tag(paths: dict[str, Any]) -> dict[str, Any]:
    """Paths in the order of their tags, methods in the order of reading, making, changing and removing."""
    order = list(_TAGS)

    def place(path: str) -> int:
        tag = next(iter(paths[path].values()))["tags"][0]
        return order.index(tag) if tag in order else len(order)

    return {
        path: {method: paths[path][method] for method in ("get", "post", "patch", "delete") if method in paths[path]}
        for path in sorted(paths, key=place)
    }
