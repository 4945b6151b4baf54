"""`linkxg demo`."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from linkxg.cli.context import WRONG_USAGE, fail, load_settings, run, tell
from linkxg.cli.serve import listen_or_fail, own_url, prepare, run_server
from linkxg.settings import PREFIX, is_loopback

_KEPT = {f"{PREFIX}LOG_LEVEL"}


def demo(
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8_000,
) -> None:
    """Serve an example that is deleted when it stops, and print the sign-in and the guide's curl commands."""
    # Only this command needs the features themselves; the others start without loading them.
    from linkxg.cli.demo_data import make_demo_data
    from linkxg.cli.demo_guide import guide

    if not is_loopback(host):
        fail("the demo serves plain HTTP: --host must be a loopback address", WRONG_USAGE)
    listeners = listen_or_fail(host, port)
    # Whatever this machine is set up for, the demo touches no database and no mail server of it.
    for name in [name for name in os.environ if name.startswith(PREFIX) and name not in _KEPT]:
        del os.environ[name]
    os.environ.setdefault(f"{PREFIX}LOG_LEVEL", "warning")
    with _throw_away_directory() as data_dir:
        settings = load_settings(data_dir)
        prepare(settings)
        made = run(make_demo_data(settings))
        url = own_url(settings, host, port)

        def announce() -> None:
            tell(guide(url, made))
            sys.stdout.flush()

        run_server(settings, host, port, listeners=listeners, on_answering=announce)


@contextlib.contextmanager
def _throw_away_directory() -> Iterator[Path]:
    """A private directory that is removed however the demo is ended, short of SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    with tempfile.TemporaryDirectory(prefix="linkxg-demo-") as directory, contextlib.suppress(KeyboardInterrupt):
        yield Path(directory)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)
