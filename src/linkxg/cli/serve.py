"""`linkxg serve`."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from linkxg.cli.failures import FAILED, CommandFailed, fail, one_line_failures
from linkxg.cli.options import DataDir, Port, load_settings
from linkxg.db.errors import reason_of
from linkxg.ops.prepare import prepare_installation
from linkxg.runtime.data_dir_lock import lock_data_dir
from linkxg.server.listener import listen
from linkxg.server.run import build_server, run_server, run_workers, with_public_url
from linkxg.server.start_failure import log_failed_start
from linkxg.server.uvicorn_config import require_certificate
from linkxg.settings import require_safe_listener


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8_000,
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1, max=64)] = 1,
    data_dir: DataDir = None,
) -> None:
    """Run the service: create keys and schema on first start, migrate, then serve."""
    with logged_start():
        settings = load_settings(data_dir)
        require_safe_listener(settings, host)
        require_certificate(settings)
        listeners = listen_or_fail(host, port)
        # The workers lock it too; held here, the lock keeps a restore out during the migration.
        lock_data_dir(settings.data_dir)
        prepare_installation(settings)
        settings = with_public_url(settings, host, port)
        server = build_server(settings) if workers == 1 else None
    started = run_server(server, listeners) if server else run_workers(settings, listeners, workers)
    if not started:
        raise SystemExit(FAILED)


@contextmanager
def logged_start() -> Iterator[None]:
    """Log a failed start as `start.failed` besides the line for people: a service's standard error is its log."""
    try:
        with one_line_failures():
            yield
    except CommandFailed as failed:
        log_failed_start(failed.reason)
        raise
    except Exception as fault:  # noqa: BLE001  whatever keeps the service from starting is logged in one line
        log_failed_start(reason_of(fault))
        fail(reason_of(fault))


def listen_or_fail(host: str, port: int) -> list[socket.socket]:
    try:
        return listen(host, port)
    except OSError as error:
        do = "; choose another port with --port" if error.errno == errno.EADDRINUSE else ""
        fail(f"cannot listen on {host}:{port}: {error.strerror}{do}")
