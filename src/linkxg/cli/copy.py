"""`linkxg copy`."""

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from linkxg.cli.backup import register_tables
from linkxg.cli.context import (
    WRONG_USAGE,
    AsJson,
    DataDir,
    fail,
    load_settings,
    one_line_failures,
    progress,
    run,
    tell,
    tell_json,
)
from linkxg.db import Database, copy_state, open_database
from linkxg.db.copy import CopyError, ReportProgress
from linkxg.db.health import services_connected
from linkxg.db.sqlite_users import is_open_elsewhere
from linkxg.runtime.data_dir_lock import exclusive_data_dir


class Copied(NamedTuple):
    """Rows per table, and how many of all were there before: an earlier copy had been interrupted."""

    rows: dict[str, int]
    resumed_after: int


FROM, TO = "LINKXG_COPY_FROM", "LINKXG_COPY_TO"
_SCHEMES = ("sqlite:///", "postgresql://")


def copy(
    source: Annotated[
        str, typer.Option("--from", help="Address of the database to copy; its service must be stopped.", envvar=FROM)
    ] = "",
    target: Annotated[
        str, typer.Option("--to", help="Address of an empty database, or of one with an interrupted copy.", envvar=TO)
    ] = "",
    source_file: Annotated[
        Path | None, typer.Option("--from-file", help="File whose first line is the address of the source.")
    ] = None,
    target_file: Annotated[
        Path | None, typer.Option("--to-file", help="File whose first line is the address of the target.")
    ] = None,
    data_dir: DataDir = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Delete what an interrupted copy has left in the target first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move to another database, from one engine to the other: everything stays valid, every row is compared."""
    for name in (FROM, TO):
        # They are this command's own, not settings of the service.
        os.environ.pop(name, None)
    settings = load_settings(data_dir)
    register_tables()
    source, target = _address("from", source, source_file), _address("to", target, target_file)
    if source == target:
        fail("source and target are the same database")
    with one_line_failures():
        found, made = open_database(source), open_database(target)
        if found.file is not None and not found.file.exists():
            fail(f"there is no database at {found.file}")
        # A service may not go on writing to what is being left.
        with (
            exclusive_data_dir(settings.data_dir) if settings.data_dir.exists() else nullcontext(),
            progress("copy") as on_progress,
        ):
            copied = run(copy_database(found, made, restart=restart, on_progress=on_progress))
    if as_json:
        tell_json(copied._asdict())
        return
    resumed = f", {copied.resumed_after:,} of them by an earlier attempt" if copied.resumed_after else ""
    tell(f"{sum(copied.rows.values()):,} rows copied and compared{resumed}")
    tell("Keep keys.json: tokens, sessions and secrets stay valid with it. Then set LINKXG_DATABASE_URL and start.")


def _address(side: str, given: str, file: Path | None) -> str:
    """The address of one side, from the file if there is one: other users see arguments, and not what a file holds."""
    if given and file is not None:
        fail(f"give the address once: --{side}, its environment variable, or --{side}-file", WRONG_USAGE)
    if file is not None:
        with one_line_failures():
            given = (file.read_text().splitlines() or [""])[0].strip()
    if not given:
        name = FROM if side == "from" else TO
        fail(f"no address: set {name}, or use --{side}-file or --{side}", WRONG_USAGE)
    if not given.startswith(_SCHEMES):
        fail(f"--{side} is not an address of a database: sqlite:///PATH or postgresql://…")
    return given


def _require_closed(database: Database) -> None:
    if database.file is not None and is_open_elsewhere(database.file):
        raise CopyError(f"a service is running on {database.file}, or another program has it open: stop it first")


async def copy_database(source: Database, target: Database, *, restart: bool, on_progress: ReportProgress) -> Copied:
    """Copy and compare every row. Raises CopyError; what was copied stays, and the next attempt goes on after it."""
    for database in (source, target):
        _require_closed(database)
        if connected := await database.read_long(services_connected):
            raise CopyError(f"services hold {connected} connections to one of the databases: stop every node first")
    wanted = await source.read_long(copy_state.examine_source)
    held = await target.run_exclusive(copy_state.begin, restart=restart)
    # Each row is written once and compared once.
    total, done = 2 * sum(wanted.values()), sum(held.values())
    # An empty table is looked at once, when all rows are counted: each look is a connection.
    filled = [one for one in copy_state.tables() if wanted[one.name] or held[one.name]]
    for one in filled:
        key = await source.read_long(copy_state.key_at, one, held[one.name])
        while rows := await source.read_long(copy_state.read_after, one, key):
            await target.run_exclusive(copy_state.write, one, rows)
            key = copy_state.key_of(one, rows[-1])
            done += len(rows)
            on_progress(done, total)
    for one in filled:
        key, compared = None, 0
        while rows := await source.read_long(copy_state.read_after, one, key):
            if differing := await target.read_long(copy_state.differing, one, rows):
                raise CopyError(f"{differing} rows of {one.name} differ: the source has changed; use --restart")
            key = copy_state.key_of(one, rows[-1])
            compared += len(rows)
            done += len(rows)
            on_progress(done, total)
        if compared != wanted[one.name]:
            raise CopyError(f"{one.name} has {compared} rows, not {wanted[one.name]}: the source is in use")
    counts = await target.read_long(copy_state.count_rows)
    if counts != wanted:
        raise CopyError("the target has rows that the source does not have: use --restart")
    # One that started meanwhile may go on to write what the target then lacks.
    _require_closed(source)
    await target.run_exclusive(copy_state.end)
    return Copied(wanted, sum(held.values()))
