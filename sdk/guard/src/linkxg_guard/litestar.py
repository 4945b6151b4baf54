"""A plugin and dependencies for Litestar."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from litestar import Request, Response
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.plugins import InitPlugin

from linkxg_guard.asgi import KEY, authorization_of, presented_by
from linkxg_guard.errors import GuardError
from linkxg_guard.guard import Guard
from linkxg_guard.principal import Principal

RouteGuard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


class GuardPlugin(InitPlugin):
    """Answers the guard's errors, and follows the feed while the application runs."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        async def start() -> None:
            self.guard.start()

        app_config.on_startup.append(start)
        app_config.on_shutdown.append(self.guard.stop)
        app_config.exception_handlers = {**app_config.exception_handlers, GuardError: answer}
        return app_config


def require(
    guard: Guard, *scopes: str
) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]:
    """A guard of routes, run before the body is read: `guards=[require(guard, "products:read")]`."""

    async def admit(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        await _authenticate(connection, guard, scopes)

    return admit


def provide_principal(guard: Guard, *scopes: str) -> Provide:
    """A dependency with the caller: `dependencies={"caller": provide_principal(guard, "products:read")}`."""

    async def principal(request: Request[Any, Any, Any]) -> Principal:
        return await _authenticate(request, guard, scopes)

    return Provide(principal)


def answer(_: Request[Any, Any, Any], error: GuardError) -> Response[bytes]:
    headers = dict(error.headers())
    return Response(error.body(), status_code=error.status, headers=headers, media_type=headers.pop("content-type"))


async def _authenticate(
    connection: ASGIConnection[Any, Any, Any, Any], guard: Guard, scopes: tuple[str, ...]
) -> Principal:
    scope: Any = connection.scope
    client = scope.get("client")
    source, presented = client[0] if client else None, partial(presented_by, scope, guard.settings)
    caller = await guard.authenticate(authorization_of(scope), source, scopes, presented)
    scope[KEY] = caller
    return caller
