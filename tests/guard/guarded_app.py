"""The guarded service of the tests, as a program: `python -m guard.guarded_app FRAMEWORK PORT`.

Settings come as JSON on standard input.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from linkxg_guard import Guard, GuardMiddleware, GuardSettings, principal_of

OPEN = "/healthz"


def _scopes(scope: Any) -> tuple[str, ...]:
    return ("products:write",) if scope["path"] == "/write" else ("products:read",)


def starlette_app(guard: Guard) -> Any:
    async def whoami(request: Request) -> JSONResponse:
        caller = principal_of(request.scope)
        await request.body()
        return JSONResponse({"kind": caller.kind, "id": caller.id, "scopes": sorted(caller.scopes)})

    async def ready(_: Request) -> JSONResponse:
        return JSONResponse({"ready": guard.is_ready})

    async def stream(_: Request) -> StreamingResponse:
        import asyncio

        async def ticks() -> Any:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.05)

        return StreamingResponse(ticks())

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text)

    app = Starlette(
        routes=[
            Route("/read", whoami, methods=["GET", "POST"]),
            Route("/write", whoami, methods=["POST"]),
            Route("/stream", stream),
            Route(OPEN, ready),
            WebSocketRoute("/talk", talk),
        ]
    )
    return GuardMiddleware(app, guard, scopes=_scopes, public=[OPEN])


def main() -> None:
    framework, port = sys.argv[1:]
    given = json.loads(sys.stdin.read())
    if skew := given.pop("skew", 0):
        true_time = time.time
        time.time = lambda: true_time() + skew
    guard = Guard(GuardSettings(**given))
    app = {"starlette": starlette_app}[framework](guard)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="info", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
