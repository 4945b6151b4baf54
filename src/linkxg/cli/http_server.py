"""How does this program use uvicorn?

One configuration for a service of one process and for each of many workers.
"""

import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from linkxg.cli.listener import BACKLOG
from linkxg.settings import Settings
from linkxg.web.at_once import AtOnceProtocol

KEEP_ALIVE_S = 30
SHUTDOWN_S = 20


def configuration(app: Callable[..., Any] | str, settings: Settings) -> uvicorn.Config:
    """For an application, or for the name of what makes it."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        loop="uvloop",
        http=AtOnceProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


class HttpServer(uvicorn.Server):
    """Leaves without cutting anybody off: see `AtOnceProtocol.leaving`."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        AtOnceProtocol.leaving = True
        await super().shutdown(sockets)
