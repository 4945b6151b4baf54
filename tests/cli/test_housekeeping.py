"""Does the background task delete a little at a time, and never get in anybody's way?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.errors import TemporarilyUnavailable
from linkxg.housekeeping import BATCH, PURGES, Housekeeping
from linkxg.sessions.store import throttle


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path / 'linkxg.db'}")


def fill(conn: Connection, rows: int) -> None:
    for number in range(rows):
        values = {"key_digest": b"%d" % number, "failures": 1, "blocked_until": 0, "last_failed_at": 0}
        conn.execute(throttle.insert().values(values))


def left(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(throttle)).scalar_one()


def test_each_turn_takes_one_batch(database: Database) -> None:
    async def run() -> list[int]:
        await migrate(database)
        await database.open()
        await database.write(fill, BATCH + 7)
        housekeeping = Housekeeping(database)
        counts = []
        for _ in range(2):
            await housekeeping.turn()
            counts.append(await database.read(left))
        await database.close()
        return counts

    assert asyncio.run(run()) == [7, 0]


def test_the_task_goes_on_by_itself_until_it_is_stopped(database: Database) -> None:
    turned = asyncio.Event()

    class Watched(Housekeeping):
        async def turn(self) -> None:
            await super().turn()
            if not await database.read(left):
                turned.set()

    async def run() -> list[str]:
        await migrate(database)
        await database.open()
        await database.write(fill, BATCH + 7)
        housekeeping = Watched(database, every_s=0.001)
        housekeeping.start()
        async with asyncio.timeout(30):
            await turned.wait()
        await housekeeping.stop()
        names = [task.get_name() for task in asyncio.all_tasks()]
        await database.close()
        return names

    assert "housekeeping" not in asyncio.run(run())


@pytest.mark.parametrize("fault", [TemporarilyUnavailable("disk full"), ValueError("a bug")])
def test_a_fault_of_one_table_is_only_logged(fault: Exception) -> None:
    asked: list[Callable[..., Any]] = []

    class Failing:
        async def write(self, unit: Callable[..., Any], **_: int) -> int:
            asked.append(unit)
            raise fault

    housekeeping = Housekeeping(Failing())  # type: ignore[arg-type]
    asyncio.run(housekeeping.turn())
    assert asked == list(PURGES.values())
