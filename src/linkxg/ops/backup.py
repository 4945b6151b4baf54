"""Writes a backup to a file that gets its name once it is complete and on stable storage."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkxg import __version__
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.backup import Label, write_backup
from linkxg.db.copy import ReportProgress
from linkxg.errors import OperatorError
from linkxg.ops.tables import register_tables
from linkxg.runtime.files import is_still, open_private, sync_directory


class BackupRefused(OperatorError):
    """The file cannot be written; the message says why."""


def write_backup_file(database: Database, file: Path, *, replace: bool, on_progress: ReportProgress) -> Label:
    if os.path.lexists(file) and not replace:
        raise BackupRefused(f"{file} exists; use --force to replace it")
    if not file.parent.is_dir():
        raise BackupRefused(f"there is no directory {file.parent}")
    if database.file is not None and file.exists() and file.samefile(database.file):
        raise BackupRefused(f"{file} is the database itself")
    register_tables()
    label = Label(now_ms(), database.dialect, __version__)
    with _atomic_file(file) as partial:
        asyncio.run(write_backup(database, partial, label, on_progress))
    return label


@contextmanager
def _atomic_file(file: Path) -> Iterator[Path]:
    """A private file to write, renamed to `file` after an fsync, or deleted on failure."""
    partial = file.with_name(file.name + ".partial")
    descriptor = _lock(partial)
    try:
        _remove_journals(partial)
        yield partial
        os.fsync(descriptor)
        if not is_still(partial, descriptor):
            raise BackupRefused(f"{partial} was replaced while it was being written")
        partial.replace(file)
        sync_directory(file.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        _remove_journals(partial)
        raise
    finally:
        os.close(descriptor)


def _lock(partial: Path) -> int:
    """Open, lock and truncate the file. Raises BackupRefused while another backup is writing it."""
    descriptor = open_private(partial, for_owner=False)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = is_still(partial, descriptor)
    except BlockingIOError:
        locked = False
    if not locked:
        os.close(descriptor)
        raise BackupRefused(f"another backup is writing {partial}")
    os.ftruncate(descriptor, 0)
    return descriptor


def _remove_journals(partial: Path) -> None:
    """SQLite would replay a journal that lies beside the file."""
    for suffix in ("-journal", "-wal", "-shm"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)
