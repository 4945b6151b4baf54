"""`linkxg restore FILE`."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from linkxg.cli.backup import register_tables
from linkxg.cli.context import (
    AsJson,
    DataDir,
    fail,
    load_settings,
    one_line_failures,
    prepare_database,
    progress,
    tell,
    tell_json,
    tell_table,
)
from linkxg.clock import rfc3339
from linkxg.db import Database
from linkxg.db.backup import Label, open_copy, read_label
from linkxg.db.copy import ReportProgress
from linkxg.db.errors import explain, is_damage
from linkxg.db.health import read_health
from linkxg.db.sqlite_users import is_open_elsewhere
from linkxg.identity.tokens.key_store import SealedKeys
from linkxg.identity.tokens.keys import replace_key_file
from linkxg.identity.tokens.manage_keys import seal_keys
from linkxg.ops.replace_database import Restored, RestoreOptions, RestoreRefused, replace_database
from linkxg.runtime.data_dir_lock import exclusive_data_dir

_PARTS = ("", "-wal", "-shm")
_WORKING = ".restore-"


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file made by linkxg backup.")],
    data_dir: DataDir = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a database that is not empty.")] = False,
    revoke_secrets: Annotated[
        bool,
        typer.Option(
            "--revoke-secrets",
            help="Revoke every client secret: for when it is unknown which were revoked since the backup.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Restore a backup: everybody signs in again, new keys are created, and what was revoked stays revoked."""
    settings = load_settings(data_dir)
    register_tables()
    # Before anything is made: a name that was mistyped leaves no directory behind.
    with one_line_failures():
        if not file.is_file():
            fail(f"there is no file {file}")
        label = read_label(file)
    database = prepare_database(settings)
    with one_line_failures(), exclusive_data_dir(settings.data_dir):
        if database.file is not None and is_open_elsewhere(database.file):
            fail(f"a service is running on {database.file}, or another program has it open: stop it first")
        new_keys = partial(_new_keys, settings.data_dir, settings.token_algorithm)
        wanted = RestoreOptions(label, replace, revoke_secrets, new_keys)
        damage = asyncio.run(_damage(database))
        if damage and not replace:
            fail(f"{damage}; --replace sets it aside, but then it is unknown what was revoked after the backup")
        with _out_of_the_way(database, damage) as aside, progress(f"restore of {file}") as on_progress:
            outcome = _load(database, file, settings.data_dir, wanted, on_progress)
    if as_json:
        tell_json(_as_json(label, outcome, aside))
    else:
        _tell(label, outcome, aside, settings.data_dir)


def _load(
    database: Database, file: Path, data_dir: Path, wanted: RestoreOptions, on_progress: ReportProgress
) -> Restored:
    for left_by_a_crash in data_dir.glob(f"{_WORKING}*"):
        if left_by_a_crash.is_dir() and not left_by_a_crash.is_symlink():
            shutil.rmtree(left_by_a_crash)
        else:
            left_by_a_crash.unlink()
    with (
        tempfile.TemporaryDirectory(prefix=_WORKING, dir=data_dir) as directory,
        open_copy(file, Path(directory, "backup.db")) as source,
    ):
        outcome = asyncio.run(database.run_exclusive(replace_database, source, wanted, on_progress))
    if isinstance(outcome, RestoreRefused):
        fail(outcome.why)
    return outcome


def _new_keys(data_dir: Path, algorithm: str) -> SealedKeys:
    return seal_keys(replace_key_file(data_dir, algorithm))


async def _damage(database: Database) -> str | None:
    """What is wrong with an embedded database that is there and cannot be read; None when it can, or there is none."""
    if database.file is None or not database.file.exists():
        return None
    try:
        condition = await database.read_long(read_health)
    except Exception as fault:
        if not is_damage(fault):
            raise
        return f"{database.file}: {explain(fault)}"
    return f"{database.file}: {', '.join(condition.unsafe)}" if condition.unsafe else None


@contextmanager
def _out_of_the_way(database: Database, damage: str | None) -> Iterator[Path | None]:
    """Rename a damaged database, and back again if the restore fails; yields its new name."""
    if damage is None or database.file is None:
        yield None
        return
    file = database.file
    aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    _rename(file, aside)
    try:
        yield aside
    except BaseException:
        for part in _PARTS:
            file.with_name(file.name + part).unlink(missing_ok=True)
        _rename(aside, file)
        raise


def _rename(old: Path, new: Path) -> None:
    for part in _PARTS:
        if old.with_name(old.name + part).exists():
            old.with_name(old.name + part).rename(new.with_name(new.name + part))


def _as_json(label: Label, outcome: Restored, aside: Path | None) -> dict[str, Any]:
    return {
        "backup_made_at": rfc3339(label.made_at),
        "backup_engine": label.engine,
        **outcome._asdict(),
        "keys_replaced": True,
        "damaged_database": str(aside) if aside else None,
    }


def _tell(label: Label, outcome: Restored, aside: Path | None, data_dir: Path) -> None:
    rows: list[tuple[str, object]] = [
        ("backup", f"{rfc3339(label.made_at)}, from {label.engine}, linkxg {label.version}"),
        *((f"{table} loaded", count) for table, count in outcome.rows.items() if count),
        ("sessions ended", outcome.sessions_ended),
        ("invitations ended", outcome.invitations_ended),
        ("client secrets revoked", outcome.secrets_revoked),
        ("ended since the backup, ended again", outcome.kept_ended),
        ("disabled since the backup, disabled again", outcome.kept_disabled),
        ("reduced since the backup, reduced again", outcome.kept_narrowed),
        ("keys", f"replaced in {data_dir / 'keys.json'}"),
    ]
    tell_table(rows)
    if aside is not None:
        tell(f"The damaged database is {aside}. It is unknown what was revoked after the backup.")
