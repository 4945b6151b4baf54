"""The background purge deletes all that has expired, in small steps that hold nobody up. Promise R17."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, event, func, select

from conftest import DatabaseFactory
from linkxg.db import Database, open_database
from linkxg.db.advisory_lock import has_advisory_lock
from linkxg.db.migrations import migrate
from linkxg.errors import TemporarilyUnavailable
from linkxg.identity.sessions.throttle_store import throttle
from linkxg.network.feed.store import KEEP_MS, feed_entries, purge_entries
from linkxg.ops.tables import register_tables
from linkxg.purge import PURGES, STEP, Purger

EXPIRED = 3 * STEP + 7


@pytest.fixture
def url(engine: str, new_database: DatabaseFactory) -> str:
    return new_database(engine).url


@pytest.fixture
def database(url: str) -> Database:
    register_tables()
    return open_database(url)


def fill(conn: Connection, rows: int) -> None:
    values = [
        {"key_digest": b"%d" % number, "failures": 1, "blocked_until": 0, "last_failed_at": 0} for number in range(rows)
    ]
    conn.execute(throttle.insert(), values)


def left(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(throttle)).scalar_one()


class Watched:
    """A database that notes the outcome of every write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.deleted: list[int] = []

    async def write(self, *arguments: Any, **named: Any) -> Any:
        outcome = await self._database.write(*arguments, **named)
        self.deleted.append(outcome)
        return outcome


def test_a_purge_deletes_in_small_batches_with_pauses(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def run() -> list[int]:
        await migrate(database)
        await database.open()
        await database.write(fill, EXPIRED)
        watched = Watched(database)
        with monkeypatch.context() as patch:
            patch.setattr("linkxg.purge.asyncio.sleep", pause)
            await Purger(watched).purge_all()  # type: ignore[arg-type]
        assert await database.read(left) == 0
        await database.close()
        return watched.deleted

    deleted = asyncio.run(run())
    assert [count for count in deleted if count] == [STEP, STEP, STEP, 7]
    assert len(pauses) == 4
    assert min(pauses) > 0


def test_only_one_of_several_workers_deletes(url: str, engine: str, database: Database) -> None:
    """On SQLite writers take turns as it is."""
    if engine == "sqlite":
        return

    async def run() -> tuple[int, int]:
        await migrate(database)
        await database.open()
        await database.write(fill, EXPIRED)
        other = await asyncpg.connect(url)
        async with other.transaction():
            lock = await database.write(taken)
            await other.execute(f"select pg_advisory_xact_lock({lock})")
            await Purger(database).purge_all()
            meanwhile = await database.read(left)
        await Purger(database).purge_all()
        afterwards = await database.read(left)
        await other.close()
        await database.close()
        return meanwhile, afterwards

    assert asyncio.run(run()) == (EXPIRED, 0)


def test_no_step_leaves_a_gap_in_a_feed(database: Database) -> None:
    """The clocks of the nodes that append to a feed may differ: the times of its entries are in no order."""
    old, new = 0, KEEP_MS + 1
    times = {"a": (new, old, new, old, new), "b": (new, old, new), "c": (new,)}

    def fill_feeds(conn: Connection) -> None:
        rows = [
            {"account_id": account_id, "seq": seq, "type": "ACKNOWLEDGED", "at": at}
            for account_id, ats in times.items()
            for seq, at in enumerate(ats, 1)
        ]
        conn.execute(feed_entries.insert(), rows)

    def kept(conn: Connection) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {account_id: [] for account_id in times}
        for account_id, seq in conn.execute(select(feed_entries.c.account_id, feed_entries.c.seq)):
            found[account_id].append(seq)
        return {account_id: sorted(seqs) for account_id, seqs in found.items()}

    async def run() -> dict[str, list[int]]:
        await migrate(database)
        await database.open()
        await database.write(fill_feeds)
        while deleted := await database.write(purge_entries, now=KEEP_MS + 1, limit=2):
            assert deleted <= 2
            for account_id, seqs in (await database.read(kept)).items():
                assert seqs == list(range(seqs[0], len(times[account_id]) + 1))
        found = await database.read(kept)
        await database.close()
        return found

    assert asyncio.run(run()) == {"a": [5], "b": [3], "c": [1]}


def taken(conn: Connection) -> int:
    """The number of the lock that housekeeping takes."""
    assert has_advisory_lock(conn, "housekeeping")
    query = "select (classid::bigint << 32) | objid::bigint from pg_locks where locktype = 'advisory' and granted"
    return int(conn.exec_driver_sql(query).scalar_one())


def test_expired_rows_are_found_by_an_index(tmp_path: Path) -> None:
    """A look at every row would hold the database up as long as there are rows, whether any has expired or not."""
    register_tables()
    database = open_database(f"sqlite:///{tmp_path / 'linkxg.db'}")
    plans: dict[str, list[str]] = {}

    def explain(conn: Connection, name: str, purge: Any) -> None:
        found = plans.setdefault(name, [])

        def look(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
            found.extend(row[3] for row in cursor.execute("explain query plan " + statement, parameters).fetchall())

        event.listen(conn, "before_cursor_execute", look)
        purge(conn, now=1_000_000_000_000, limit=STEP)
        event.remove(conn, "before_cursor_execute", look)

    async def run() -> None:
        await migrate(database)
        await database.open()
        for name, purge in PURGES.items():
            await database.write(explain, name, purge)
        await database.close()

    asyncio.run(run())
    assert plans.keys() == PURGES.keys()
    # What a subquery found has a line of its own for the tables in it.
    scans = {name: [line for line in plan if re.match("SCAN (?!anon_)", line)] for name, plan in plans.items()}
    assert {name: lines for name, lines in scans.items() if lines} == {}
    assert all(any("INDEX" in line for line in plan) for plan in plans.values()), plans


def test_the_purge_task_repeats_until_it_is_stopped(database: Database) -> None:
    turned = asyncio.Event()

    class Task(Purger):
        async def purge_all(self) -> list[str]:
            failed = await super().purge_all()
            if not await database.read(left):
                turned.set()
            return failed

    async def run() -> list[str]:
        await migrate(database)
        await database.open()
        await database.write(fill, EXPIRED)
        housekeeping = Task(database, every_s=0.001)
        housekeeping.task.start()
        async with asyncio.timeout(30):
            await turned.wait()
        await housekeeping.task.stop()
        names = [task.get_name() for task in asyncio.all_tasks()]
        await database.close()
        return names

    assert "housekeeping" not in asyncio.run(run())


@pytest.mark.parametrize("fault", [TemporarilyUnavailable("disk full"), ValueError("a bug")])
def test_an_error_in_one_table_is_logged_and_the_others_are_purged(fault: Exception) -> None:
    asked: list[Callable[..., Any]] = []

    class Failing:
        async def write(self, _: Callable[..., Any], purge: Callable[..., Any], __: int) -> int:
            asked.append(purge)
            raise fault

    housekeeping = Purger(Failing())  # type: ignore[arg-type]
    asyncio.run(housekeeping.purge_all())
    assert asked == list(PURGES.values())
