"""`linkxg demo`."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from linkxg.cli.failures import FAILED, WRONG_USAGE, fail
from linkxg.cli.options import Port, load_settings
from linkxg.cli.serve import listen_or_fail
from linkxg.ops.demo.create_demo import create_demo
from linkxg.ops.demo.guide import guide
from linkxg.ops.prepare import prepare_installation
from linkxg.server.run import build_server, run_server, with_public_url
from linkxg.settings import PREFIX, is_loopback

_INHERITED = {f"{PREFIX}LOG_LEVEL"}


def demo(
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1", port: Port = 8_000
) -> None:
    """Serve example accounts that are deleted at exit; print their sign-ins and ready-to-paste curl commands."""
    if not is_loopback(host):
        fail("the demo serves plain HTTP: --host must be a loopback address", WRONG_USAGE)
    listeners = listen_or_fail(host, port)
    # The demo must reach no database and no mail server that this machine is set up for.
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in _INHERITED]:
        del os.environ[name]
    os.environ.setdefault(f"{PREFIX}LOG_LEVEL", "warning")
    # The guide invites a company that creates its account by the link.
    os.environ[f"{PREFIX}SIGN_UP"] = "invited"
    with _temporary_directory() as data_dir:
        settings = with_public_url(load_settings(data_dir), host, port)
        prepare_installation(settings)
        made = asyncio.run(create_demo(settings))
        server = build_server(settings, lambda: typer.echo(guide(settings.public_url, made)))
        if not run_server(server, listeners):
            raise SystemExit(FAILED)


@contextlib.contextmanager
def _temporary_directory() -> Iterator[Path]:
    """A private directory that is removed however the demo is ended, short of SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    with tempfile.TemporaryDirectory(prefix="linkxg-demo-") as directory, contextlib.suppress(KeyboardInterrupt):
        yield Path(directory)


def _exit(*_: object) -> NoReturn:
    raise SystemExit(0)
