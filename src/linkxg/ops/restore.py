"""Restores a backup file into the database of an installation whose service is stopped."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from linkxg.db import Database
from linkxg.db.backup import Label, open_copy, read_label
from linkxg.db.copy import ReportProgress
from linkxg.db.errors import explain, is_damage
from linkxg.db.health import read_health
from linkxg.errors import OperatorError
from linkxg.identity.tokens.keys import find_server_key, replace_key_file, server_key_of
from linkxg.identity.tokens.manage_keys import seal_keys
from linkxg.ops.installation import prepare_database, require_closed
from linkxg.ops.replace_database import NewKeys, Restored, RestoreOptions, RestoreRefused, replace_database
from linkxg.ops.tables import register_tables
from linkxg.runtime.data_dir_lock import exclusive_data_dir
from linkxg.settings import Settings

_SQLITE_SUFFIXES = ("", "-wal", "-shm")
_TEMPORARY = ".restore-"


class RestoreError(OperatorError):
    """The backup cannot be restored; the message says why."""


class RestoreResult(NamedTuple):
    """`damaged` is the new name of a damaged database that was replaced."""

    label: Label
    restored: Restored
    damaged: Path | None


def restore_backup(
    settings: Settings,
    file: Path,
    *,
    replace: bool,
    revoke_secrets: bool,
    withdraw_shares: bool,
    on_progress: ReportProgress,
) -> RestoreResult:
    register_tables()
    # First, so that a mistyped name creates no directory.
    if not file.is_file():
        raise RestoreError(f"there is no file {file}")
    label = read_label(file)
    database = prepare_database(settings)

    def new_keys() -> NewKeys:
        keys = replace_key_file(settings.data_dir, settings.token_algorithm)
        return NewKeys(server_key_of(keys), seal_keys(keys))

    with exclusive_data_dir(settings.data_dir):
        require_closed(database)
        damage = asyncio.run(_damage(database))
        if damage and not replace:
            raise RestoreError(
                f"{damage}; --replace moves it aside, but then it is unknown what was revoked after the backup"
            )
        old_key = find_server_key(settings.data_dir)
        options = RestoreOptions(label, replace, revoke_secrets, withdraw_shares, new_keys, old_key)
        with _moved_aside(database, damage) as damaged:
            restored = _load(database, file, settings.data_dir, options, on_progress)
    return RestoreResult(label, restored, damaged)


def _load(
    database: Database, file: Path, data_dir: Path, options: RestoreOptions, on_progress: ReportProgress
) -> Restored:
    for leftover in data_dir.glob(f"{_TEMPORARY}*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    with (
        tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=data_dir) as directory,
        open_copy(file, Path(directory, "backup.db")) as source,
    ):
        outcome = asyncio.run(database.run_exclusive(replace_database, source, options, on_progress))
    if isinstance(outcome, RestoreRefused):
        raise RestoreError(outcome.reason)
    return outcome


async def _damage(database: Database) -> str | None:
    """What is wrong with an embedded database that cannot be read; None when it can, or there is none."""
    if database.file is None or not database.file.exists():
        return None
    try:
        health = await database.read_long(read_health)
    except Exception as fault:
        if not is_damage(fault):
            raise
        return f"{database.file}: {explain(fault)}"
    return f"{database.file}: {', '.join(health.unsafe)}" if health.unsafe else None


@contextmanager
def _moved_aside(database: Database, damage: str | None) -> Iterator[Path | None]:
    """Rename a damaged database, and back again if the restore fails; yields its new name."""
    if damage is None or database.file is None:
        yield None
        return
    file = database.file
    damaged = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    _rename(file, damaged)
    try:
        yield damaged
    except BaseException:
        for suffix in _SQLITE_SUFFIXES:
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        _rename(damaged, file)
        raise


def _rename(old: Path, new: Path) -> None:
    for suffix in _SQLITE_SUFFIXES:
        if old.with_name(old.name + suffix).exists():
            old.with_name(old.name + suffix).rename(new.with_name(new.name + suffix))
