"""`linkxg backup FILE`."""

import fcntl
import importlib
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

import linkxg
from linkxg import __version__
from linkxg.cli.context import (
    AsJson,
    DataDir,
    existing_database,
    fail,
    load_settings,
    one_line_failures,
    progress,
    run,
    tell,
    tell_json,
)
from linkxg.clock import now_ms, rfc3339
from linkxg.db.backup import Label, write_backup
from linkxg.runtime.files import is_still, open_private, sync_directory

KEYS_STAY_BEHIND = (
    "The backup does not contain the keys: keep a copy of keys.json apart from it if you like; a restore creates "
    "new keys anyway."
)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write: a SQLite database for either engine.")],
    data_dir: DataDir = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a consistent copy of the database to one file; the service may keep running."""
    settings = load_settings(data_dir)
    database = existing_database(settings)
    if os.path.lexists(file) and not force:
        fail(f"{file} exists; use --force to replace it")
    if database.file is not None and file.exists() and file.samefile(database.file):
        fail(f"{file} is the database itself")
    register_tables()
    label = Label(now_ms(), database.dialect, __version__)
    with _whole_or_nothing(file) as partial, progress(f"backup to {file}") as on_progress:
        run(write_backup(database, partial, label, on_progress))
    size = file.stat().st_size
    if as_json:
        tell_json({"file": str(file), "bytes": size, "made_at": rfc3339(label.made_at), "engine": label.engine})
    else:
        tell(f"backup of {rfc3339(label.made_at)} in {file}, {size:,} bytes\n{KEYS_STAY_BEHIND}")


def register_tables() -> None:
    """Make every table known: a feature keeps its own in a module named store, `db` those that belong to none."""
    for found in pkgutil.walk_packages(linkxg.__path__, "linkxg."):
        if found.name.endswith(("store", ".db.idempotency")):
            importlib.import_module(found.name)


@contextmanager
def _whole_or_nothing(file: Path) -> Iterator[Path]:
    """A private file to fill, which takes the name `file` once it is on stable storage, and vanishes otherwise."""
    partial = file.with_name(file.name + ".partial")
    descriptor = _claim(partial)
    try:
        _remove_journals(partial)
        yield partial
        os.fsync(descriptor)
        if not is_still(partial, descriptor):
            fail(f"{partial} was replaced while it was being written")
        partial.replace(file)
        sync_directory(file.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        _remove_journals(partial)
        raise
    finally:
        os.close(descriptor)


def _claim(partial: Path) -> int:
    """Open the file, emptied of what a crash left in it; exits with 1 when another backup is writing it."""
    with one_line_failures():
        descriptor = open_private(partial, for_owner=False)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = is_still(partial, descriptor)
        except BlockingIOError:
            ours = False
        if not ours:
            fail(f"another backup is writing {partial}")
        os.ftruncate(descriptor, 0)
    return descriptor


def _remove_journals(partial: Path) -> None:
    """SQLite believes what lies beside a database: only what it writes itself may be there."""
    for suffix in ("-journal", "-wal", "-shm"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)
