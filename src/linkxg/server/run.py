"""Runs the service: in this process, or as a supervisor with worker processes."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace

import uvicorn

from linkxg.http import logs
from linkxg.server.supervisor import Supervisor
from linkxg.server.uvicorn_config import HttpServer, configuration
from linkxg.settings import Settings


def with_public_url(settings: Settings, host: str, port: int) -> Settings:
    """Where no public address is set, it is that of the listener."""
    if settings.public_url:
        return settings
    bracketed = f"[{host}]" if ":" in host else host
    return replace(settings, public_url=f"{'https' if settings.tls_cert else 'http'}://{bracketed}:{port}")


def run_workers(settings: Settings, listeners: list[socket.socket], count: int) -> bool:
    """Serve until SIGTERM or SIGINT; returns whether the first worker could start."""
    _export(settings)
    logs.configure(settings.log_level)
    return asyncio.run(Supervisor(listeners, count).run())


class SingleServer(HttpServer):
    """The server of a service of one process.

    `on_ready` runs in a thread once requests are answered; an exception in it ends the service.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._announcement: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_ready is not None:
            self._announcement = asyncio.create_task(asyncio.to_thread(self._on_ready))
            self._announcement.add_done_callback(self._exit_on_fault)

    def _exit_on_fault(self, announcement: asyncio.Task[None]) -> None:
        # Never reset to False: a signal may have arrived meanwhile.
        if announcement.cancelled() or announcement.exception() is not None:
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self._announcement is not None:
            await self._announcement


def build_server(settings: Settings, on_ready: Callable[[], None] | None = None) -> SingleServer:
    """Build the application; raises whatever keeps it from being built."""
    _export(settings)
    server = SingleServer(configuration("linkxg.app:create_app", settings), on_ready)
    server.config.load()
    return server


def run_server(server: SingleServer, listeners: list[socket.socket]) -> bool:
    """Serve until SIGTERM or SIGINT and finish requests in flight; returns whether the server could start."""
    # uvicorn raises the signal again for the previous handler, whose default would end the process with a failure.
    signal.signal(signal.SIGTERM, server.handle_exit)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(listeners)
    return server.started


def _export(settings: Settings) -> None:
    """The application reads its settings from the environment: hand over what the command line changed."""
    os.environ["LINKXG_DATA_DIR"] = str(settings.data_dir.absolute())
    os.environ["LINKXG_PUBLIC_URL"] = settings.public_url
