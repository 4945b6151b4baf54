"""`linkxg serve` and `linkxg migrate`."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn

from linkxg.cli.context import (
    FAILED,
    WRONG_USAGE,
    CommandFailed,
    DataDir,
    connected,
    fail,
    load_settings,
    one_line_failures,
    prepare_database,
    run,
    tell,
)
from linkxg.db.errors import reason_of
from linkxg.db.migrations import migrate
from linkxg.http import logs
from linkxg.identity.tokens.keys import KeyRing
from linkxg.identity.tokens.manage_keys import prepare_keys
from linkxg.runtime.data_dir_lock import lock_data_dir
from linkxg.server.listener import listen
from linkxg.server.start_failure import log_failed_start
from linkxg.server.supervisor import Supervisor
from linkxg.server.uvicorn_config import HttpServer, configuration, require_certificate
from linkxg.settings import Settings, SettingsError, require_safe_listener


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8_000,
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1, max=64)] = 1,
    data_dir: DataDir = None,
) -> None:
    """Run the service: create keys and schema on first start, migrate, then serve."""
    with logged_start():
        settings = load_settings(data_dir)
        try:
            require_safe_listener(settings, host)
            require_certificate(settings)
        except SettingsError as error:
            fail(str(error), WRONG_USAGE)
        listeners = listen_or_fail(host, port)
        with one_line_failures():
            # The workers do the same; this keeps a restore out while the schema is brought up to date.
            lock_data_dir(settings.data_dir)
        prepare(settings)
    run_server(settings, host, port, workers, listeners=listeners)


@contextmanager
def logged_start() -> Iterator[None]:
    """Log a failed start as `start.failed`, beside the line for people: the standard error of a service is its log."""
    try:
        yield
    except CommandFailed as failed:
        log_failed_start(failed.reason)
        raise
    except Exception as fault:  # noqa: BLE001  whatever keeps the service from starting is logged in one line
        log_failed_start(reason_of(fault))
        fail(reason_of(fault))


def migrate_database(data_dir: DataDir = None) -> None:
    """Migrate the database to the schema of this program."""
    settings = load_settings(data_dir)
    before, after = run(migrate(prepare_database(settings)))
    tell(f"schema {after}" + ("" if before == after else f" (was {before or 'empty'})"))


def prepare(settings: Settings) -> None:
    """Schema and keys, made or brought up to date, before any worker starts."""
    run(_prepare(settings))
    with one_line_failures():
        # What a worker would stumble over is told here, in one line.
        KeyRing(settings.data_dir)


async def _prepare(settings: Settings) -> None:
    await migrate(prepare_database(settings))
    async with connected(settings) as database:
        # A worker would stumble over sockets that others could use.
        database.join_node()
        await prepare_keys(database, settings.data_dir, settings.token_algorithm)


def listen_or_fail(host: str, port: int) -> list[socket.socket]:
    """Exits with 1 and one line where nobody can listen."""
    try:
        return listen(host, port)
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error.strerror}")


def run_server(
    settings: Settings,
    host: str,
    port: int,
    workers: int = 1,
    *,
    listeners: list[socket.socket],
    on_answering: Callable[[], None] | None = None,
) -> None:
    """Serve on `listeners`, which are of `host` and `port`, until SIGTERM or SIGINT; what is in flight is finished.

    `on_answering` is called in a thread of its own once requests are answered (one worker only); what it raises ends
    the service.
    """
    # Workers build their application from the environment, so what the command line said goes there.
    os.environ["LINKXG_DATA_DIR"] = str(settings.data_dir.absolute())
    os.environ["LINKXG_PUBLIC_URL"] = settings.public_url or own_url(settings, host, port)
    if workers > 1:
        logs.configure(settings.log_level)
        if not asyncio.run(Supervisor(listeners, workers).run()):
            raise SystemExit(FAILED)
        return
    server = _Server(configuration("linkxg.app:create_app", settings), on_answering)
    with logged_start():
        server.config.load()
    # uvicorn repeats the signal that ended it to whoever handled it before; to have ended in order is a success.
    signal.signal(signal.SIGTERM, server.handle_exit)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(listeners)
    if not server.started:
        raise SystemExit(FAILED)


def own_url(settings: Settings, host: str, port: int) -> str:
    """The address of a listener on this machine."""
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls_cert else 'http'}://{shown}:{port}"


class _Server(HttpServer):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, on_answering: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._on_answering = on_answering
        self._announcement: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_answering is not None:
            self._announcement = asyncio.create_task(asyncio.to_thread(self._on_answering))
            self._announcement.add_done_callback(self._end_on_fault)

    def _end_on_fault(self, announcement: asyncio.Task[None]) -> None:
        # Only ever set: a signal may have come while the announcement was being made.
        if announcement.cancelled() or announcement.exception() is not None:
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self._announcement is not None:
            await self._announcement
