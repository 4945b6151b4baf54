"""Copies a database to another one, of either engine, and compares every row."""

import asyncio
from contextlib import nullcontext
from typing import NamedTuple

from linkxg.db import Database, copy_state, open_database
from linkxg.db.copy import CopyError, ReportProgress
from linkxg.db.health import services_connected
from linkxg.ops.installation import require_closed
from linkxg.ops.tables import register_tables
from linkxg.runtime.data_dir_lock import exclusive_data_dir
from linkxg.settings import Settings


class CopyResult(NamedTuple):
    """Rows per table, and how many of them an interrupted copy had left in the target."""

    rows: dict[str, int]
    resumed_after: int


def copy_between(
    settings: Settings, source_url: str, target_url: str, *, restart: bool, on_progress: ReportProgress
) -> CopyResult:
    """Copy while no service runs on the data directory. Raises CopyError; the next attempt resumes."""
    if source_url == target_url:
        raise CopyError("source and target are the same database")
    register_tables()
    source, target = open_database(source_url), open_database(target_url)
    if source.file is not None and not source.file.exists():
        raise CopyError(f"there is no database at {source.file}")
    with exclusive_data_dir(settings.data_dir) if settings.data_dir.exists() else nullcontext():
        return asyncio.run(_copy(source, target, restart=restart, on_progress=on_progress))


async def _copy(source: Database, target: Database, *, restart: bool, on_progress: ReportProgress) -> CopyResult:
    for database in (source, target):
        require_closed(database)
        if connected := await database.read_long(services_connected):
            raise CopyError(f"services hold {connected} connections to one of the databases: stop every node first")
    expected = await source.read_long(copy_state.examine_source)
    present = await target.run_exclusive(copy_state.begin, restart=restart)
    # Each row is written once and compared once.
    total, done = 2 * sum(expected.values()), sum(present.values())
    # Empty tables are covered by the final count: each read is a connection.
    filled = [table for table in copy_state.tables() if expected[table.name] or present[table.name]]
    for table in filled:
        key = await source.read_long(copy_state.key_at, table, present[table.name])
        while rows := await source.read_long(copy_state.read_after, table, key):
            await target.run_exclusive(copy_state.write, table, rows)
            key = copy_state.key_of(table, rows[-1])
            done += len(rows)
            on_progress(done, total)
    for table in filled:
        key, compared = None, 0
        while rows := await source.read_long(copy_state.read_after, table, key):
            if differing := await target.read_long(copy_state.differing, table, rows):
                raise CopyError(f"{differing} rows of {table.name} differ: the source has changed; use --restart")
            key = copy_state.key_of(table, rows[-1])
            compared += len(rows)
            done += len(rows)
            on_progress(done, total)
        if compared != expected[table.name]:
            raise CopyError(f"{table.name} has {compared} rows, not {expected[table.name]}: the source is in use")
    if await target.read_long(copy_state.count_rows) != expected:
        raise CopyError("the target has rows that the source does not have: use --restart")
    # A service started meanwhile could write what the target then lacks.
    require_closed(source)
    await target.run_exclusive(copy_state.end)
    return CopyResult(expected, sum(present.values()))
