"""SQLite reads and writes end in time, and recover, when the storage below them fails. Promises R6 and R15."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from linkxg.db import group_commit, open_database, sqlite
from linkxg.db.migrations import migrate
from linkxg.errors import TemporarilyUnavailable


def count_accounts(conn: Connection) -> int:
    return int(conn.execute(text("SELECT count(*) FROM accounts")).scalar_one())


def break_off(conn: Connection) -> None:
    """Lose the connection, as a failing disk would make SQLite give it up."""
    conn.connection.driver_connection.close()  # type: ignore[union-attr]
    conn.execute(text("SELECT 1"))


@contextmanager
def out_of_reach(path: Path) -> Iterator[None]:
    """Nobody can open the database."""
    hidden = path.with_name("hidden")
    path.rename(hidden)
    path.mkdir()
    try:
        yield
    finally:
        path.rmdir()
        hidden.rename(path)


def test_r6_reads_and_writes_recover_with_the_storage(tmp_path: Path) -> None:
    async def story() -> None:
        database = open_database(f"sqlite:///{tmp_path / 'linkxg.db'}")
        await migrate(database)
        await database.open()
        try:
            for door in (database.read, database.write):
                assert await door(count_accounts) == 0
                with out_of_reach(tmp_path / "linkxg.db"):
                    for unit in (break_off, count_accounts, count_accounts):
                        with pytest.raises(TemporarilyUnavailable):
                            await door(unit)
                assert await door(count_accounts) == 0
        finally:
            await database.close()

    asyncio.run(story())


def test_r6_requests_end_in_time_while_the_disk_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither who was there when it stopped, nor who came later."""
    monkeypatch.setattr(group_commit, "DEADLINE_S", 0.2)

    async def story() -> None:
        database = open_database(f"sqlite:///{tmp_path / 'linkxg.db'}")
        await migrate(database)
        await database.open()
        answers = threading.Event()

        def stall(conn: Connection) -> bool:
            return answers.wait(60.0)

        try:
            async with asyncio.timeout(10.0):
                for unit in (stall, count_accounts, count_accounts):
                    with pytest.raises(TemporarilyUnavailable):
                        await database.write(unit)
            assert await database.read(count_accounts) == 0
            answers.set()
            assert await database.write(count_accounts) == 0
        finally:
            answers.set()
            await database.close()

    asyncio.run(story())


def test_r6_a_shutdown_ends_while_the_disk_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "DEADLINE_S", 0.2)

    async def story() -> None:
        database = open_database(f"sqlite:///{tmp_path / 'linkxg.db'}")
        await migrate(database)
        await database.open()
        answers = threading.Event()

        def stall(conn: Connection) -> bool:
            return answers.wait(60.0)

        writing = [asyncio.create_task(database.write(unit)) for unit in (stall, count_accounts)]
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(10.0):
                await database.close()
            refused = await asyncio.gather(*writing, return_exceptions=True)
            assert [type(outcome) for outcome in refused] == [TemporarilyUnavailable] * 2
        finally:
            answers.set()

    asyncio.run(story())


def test_r15_processes_that_share_the_file_write_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two databases on one file are to each other what two processes are."""
    monkeypatch.setattr(sqlite, "BUSY_MS", 200)

    async def story() -> None:
        one, other = (open_database(f"sqlite:///{tmp_path / 'linkxg.db'}") for _ in range(2))
        await migrate(one)
        await one.open()
        await other.open()
        begun, finish = threading.Event(), threading.Event()

        def linger(conn: Connection) -> bool:
            begun.set()
            return finish.wait(60.0)

        try:
            lingering = asyncio.create_task(one.write(linger))
            assert await asyncio.to_thread(begun.wait, 10.0)
            with pytest.raises(TemporarilyUnavailable, match="another process is writing"):
                await other.write(count_accounts)
            assert await other.read(count_accounts) == 0
            finish.set()
            assert await lingering
            assert await other.write(count_accounts) == 0
        finally:
            finish.set()
            await one.close()
            await other.close()

    asyncio.run(story())
