"""The OpenAPI 3.1 document, made from the declarations of the routes.

Paths, parameters and ids come from Litestar, bodies from msgspec, security from the permissions, errors from the
catalogue.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from linkxg.api_docs.edge_operations import answers, bodies, edge_operations
from linkxg.api_docs.error_responses import DETAIL_SCHEMA, ERROR_SCHEMA, HEADERS, PROBLEM_SCHEMA
from linkxg.api_docs.operations import TypedRoute, finish, titled, typed_routes
from linkxg.api_docs.schemas import Schemas
from linkxg.error_catalogue import CATALOGUE
from linkxg.http.route_declaration import RawRoutes, Tag
from linkxg.identity.oauth.token_endpoint import PATH as TOKEN_PATH
from linkxg.identity.tokens.scopes import SCOPES

_DESCRIPTION = """\
Product data between companies. Machines get a token with the client credentials grant, people by signing in; both \
are valid for 15 minutes and are sent in the `Authorization` header.

Endpoints under `/oauth` follow the RFCs: flat JSON in snake_case. All others answer `{"success": true, "data": …}` in \
camelCase. Every error has the same flat body, and every answer has `X-Request-Id`.

A method that an address does not support is 405 with `Allow`; an address that does not exist is 404 for everybody. \
Resources of other accounts are 404 as well."""
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


def describe(handlers: Sequence[ControllerRouterHandler], raw: RawRoutes, issuer: str, version: str) -> dict[str, Any]:
    """The document of these routes and of the edge's, for the service at `issuer`."""
    # A router that never serves, so that the serving one gets no schema routes.
    router = Litestar(
        route_handlers=list(handlers),
        openapi_config=OpenAPIConfig(title="LinkXG API", version=version, use_handler_docstrings=True),
        logging_config=None,
    )
    listed = router.openapi_schema.to_schema()
    routes = list(typed_routes(router))
    schemas = Schemas(
        [*bodies(raw), *(route.body for route in routes if route.body is not None)],
        [
            *answers(raw),
            *(route.answer for route in routes if route.answer is not None),
            *(kind for route in routes for kind in route.other_answers.values()),
        ],
    )
    for route in routes:
        finish(listed["paths"][route.path][route.method], route, schemas)
    tags = _tags(routes, raw)
    paths = _sorted_by_tag({**listed["paths"], **edge_operations(raw, schemas)}, list(tags))
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
        "tags": [{"name": str(name), "description": text} for name, text in tags.items()],
        "paths": paths,
        "components": {
            "schemas": {
                "ErrorResponse": ERROR_SCHEMA,
                "ErrorDetail": DETAIL_SCHEMA,
                "EpcisProblem": PROBLEM_SCHEMA,
                **titled(routes),
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


def _tags(routes: Iterable[TypedRoute], raw: RawRoutes) -> dict[str, str]:
    """Tags and their descriptions: those of the edge alone first, then in the order of the routes."""
    of_routes = [tag for route in routes for tag in route.handler.resolve_tags() or ()]
    of_edge = [endpoint.declares.tag for methods in raw.values() for endpoint in methods.values()]
    named = dict.fromkeys([*(tag for tag in of_edge if tag not in of_routes), *of_routes], "")
    return named | {tag: tag.about for tag in (*of_edge, *of_routes) if isinstance(tag, Tag)}


def _sorted_by_tag(paths: dict[str, Any], order: list[str]) -> dict[str, Any]:
    """Paths in the order of their tags; methods in the order GET, POST, PATCH, DELETE."""

    def place(path: str) -> int:
        return order.index(next(iter(paths[path].values()))["tags"][0])

    return {
        path: {
            method: paths[path][method] for method in ("get", "post", "put", "patch", "delete") if method in paths[path]
        }
        for path in sorted(paths, key=place)
    }
