"""Dependencies for FastAPI (and Starlette's exception handlers)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.responses import Response
from fastapi.security.base import SecurityBase

from linkxg_guard.asgi import authorization_of, presented_by
from linkxg_guard.errors import GuardError
from linkxg_guard.guard import Guard
from linkxg_guard.principal import Principal


class Require(SecurityBase):
    """A dependency: `caller: Annotated[Principal, Depends(Require(guard, "products:read"))]`."""

    def __init__(self, guard: Guard, *scopes: str) -> None:
        self.guard = guard
        self.scopes = scopes
        self.model = HTTPBearer(bearerFormat="JWT", description="An access token of LinkXG.")
        self.scheme_name = "LinkXG"

    async def __call__(self, request: Request) -> Principal:
        source = request.client.host if request.client else None
        presented = partial(presented_by, request.scope, self.guard.settings)
        return await self.guard.authenticate(authorization_of(request.scope), source, self.scopes, presented)


def install(app: FastAPI, guard: Guard) -> None:
    """Answers the guard's errors, and follows the feed while the application runs."""
    app.add_exception_handler(GuardError, answer)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: Any) -> AsyncIterator[Any]:
        guard.start()
        try:
            async with inner(running) as state:
                yield state
        finally:
            await guard.stop()

    app.router.lifespan_context = lifespan


async def answer(_: Request, error: Exception) -> Response:
    assert isinstance(error, GuardError)
    return Response(error.body(), status_code=error.status, headers=dict(error.headers()))
