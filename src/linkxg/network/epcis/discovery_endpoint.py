"""What all routes of EPCIS have in common: OPTIONS, the header fields of answers, and the check of versions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from litestar import Request, Response, Router, route
from litestar.connection import ASGIConnection
from litestar.datastructures import ResponseHeader
from litestar.datastructures.headers import Accept
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute

from linkxg.errors import NotAcceptable
from linkxg.http.body_style import BodyStyle
from linkxg.http.permissions import any_caller
from linkxg.http.request_context import context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.epcis.gs1_headers import ANSWER, DISCOVERY, require_versions

_TYPES = ["application/json", "application/ld+json", "application/problem+json"]
_ANSWER = [ResponseHeader(name=name, value=value) for name, value in ANSWER.items()]


def discovery(path: str, more: Mapping[str, str] = MappingProxyType({})) -> HTTPRouteHandler:
    """The route that answers OPTIONS on `path`, for whoever has a token; `more` are further header fields."""

    @route(path, http_method="OPTIONS", status_code=204, include_in_schema=False, **any_caller())
    async def describe(request: Request[Any, Any, Any]) -> Response[None]:
        """The methods, versions, formats and limits of the resource."""
        return Response(None, status_code=204, headers={"Allow": allowed_methods(request), **DISCOVERY, **more})

    return describe


def allowed_methods(request: Request[Any, Any, Any]) -> str:
    """The methods of the path, whichever features answer them."""
    path = request.scope["path_template"]
    routes = (one for one in request.app.routes if isinstance(one, HTTPRoute) and one.path_format == path)
    methods: set[str] = {method for one in routes for method in one.methods}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def epcis_router(services: Any, handlers: Sequence[HTTPRouteHandler], tag: Tag) -> Router:
    """The router of a feature of EPCIS, whose paths begin with `/epcis`."""
    # To a path without OPTIONS the framework adds its own answer at once, which the later one does not replace.
    describe = [handler for handler in handlers if "OPTIONS" in handler.http_methods]
    return Router(
        "/",
        tags=[tag],
        route_handlers=[*describe, *(handler for handler in handlers if "OPTIONS" not in handler.http_methods)],
        guards=[_check_versions],
        response_headers=_ANSWER,
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        opt={"style": BodyStyle.EPCIS},
    )


async def _check_versions(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    context = context_of(connection.scope)
    require_versions(context.header)
    accepted = context.header(b"accept")
    if accepted and Accept(accepted.decode("latin-1")).best_match(_TYPES) is None:
        raise NotAcceptable(f"This service answers with {' or '.join(_TYPES[:2])}.")
