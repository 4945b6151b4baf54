"""What all commands share: settings, a connected database, and the output of results, progress and failures.

Each library is imported where it is used: most commands need few of them, and all are started by people who wait.
"""

import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from linkxg.errors import OperatorError, PublicError
from linkxg.settings import Settings, SettingsError, describe, load

if TYPE_CHECKING:
    from linkxg.db import Database

T = TypeVar("T")
DataDir = Annotated[
    Path | None, typer.Option(help="Directory of keys and embedded database; default: LINKXG_DATA_DIR, else ./data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
FAILED, WRONG_USAGE = 1, 2


def settings_help() -> str:
    """Every setting, for the end of `linkxg serve --help`."""
    from rich.markup import escape

    lines = ["[bold]Settings[/bold] (environment variables):"]
    for name, default, meaning in describe():
        shown = f" [dim](default {default})[/dim]" if default else ""
        lines.append(f"[cyan]{name}[/cyan]: {escape(meaning)}{shown}")
    return "\n\n".join(lines)


def load_settings(data_dir: Path | None, **overrides: Any) -> Settings:
    """Settings of the environment; exits with 2 and one line when they cannot be used."""
    try:
        return load(os.environ, data_dir=data_dir, **overrides)
    except SettingsError as error:
        fail(str(error), WRONG_USAGE)


class CommandFailed(SystemExit):
    """The exit of a command that has written why it failed to stderr."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code)
        self.reason = reason


def fail(message: str, code: int = FAILED) -> NoReturn:
    sys.stderr.write(f"linkxg: {message}\n")
    raise CommandFailed(code, message)


def tell(text: str) -> None:
    sys.stdout.write(text + "\n")


def tell_json(value: Any) -> None:
    tell(json.dumps(value, indent=2))


def tell_table(rows: Iterable[Sequence[object]]) -> None:
    """Columns side by side, whole: nothing is cut to the width of a terminal."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        tell("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, nothing elsewhere; the caller reports (done, of how many)."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def one_line_failures() -> Iterator[None]:
    """Expected failures end the command with one line and exit code 1; anything else is a fault of the program."""
    try:
        yield
    except PublicError as error:
        details = "; ".join(item["message"] for item in error.details or [])
        fail(details or (f"{error.description} ({error.reason})" if error.reason else error.description))
    except OperatorError as error:
        fail(str(error), error.exit_code)
    except Exception as error:
        from linkxg.db.errors import explain

        told = explain(error)
        if told is None and isinstance(error, OSError):
            told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        if told is None:
            raise
        fail(told)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end with failures told in one line."""
    import asyncio

    with one_line_failures():
        return asyncio.run(work)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator["Database"]:
    """The database of `settings`, open; closed afterwards."""
    database = prepare_database(settings)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def prepare_database(settings: Settings) -> "Database":
    """The database of `settings`, with its directory made; not yet connected."""
    from linkxg.db import open_database

    with one_line_failures():
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return open_database(settings.database, settings.data_dir)


def existing_database(settings: Settings) -> "Database":
    """The database of `settings`, not yet connected; exits with 1 where no embedded one has been made."""
    from linkxg.db import open_database

    with one_line_failures():
        database = open_database(settings.database)
    if database.file is not None and not database.file.exists():
        fail(f"there is no database at {database.file}; linkxg serve or linkxg migrate creates it")
    return database
