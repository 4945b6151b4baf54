"""PostgreSQL's invalidation feed delivers every change, whenever its transaction commits. Promises R4 and R5."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from conftest import DatabaseFactory
from linkxg.db import Database, Invalidation, open_database
from linkxg.db.invalidation_feed import TOKEN
from linkxg.db.migrations import migrate

WAIT_S = 20.0
APPEND = "insert into changes (kind, subject, epoch, at) values ('token', $1, 0, $2)"
NOTIFY = "notify linkxg_changes"


class Ear:
    """What a feed has told, in order."""

    def __init__(self, database: Database) -> None:
        self.heard: list[str] = []
        self._news = asyncio.Event()
        database.feed.subscribe(TOKEN, self._note)

    def _note(self, change: Invalidation) -> None:
        self.heard.append(change.subject)
        self._news.set()

    async def wait_for(self, subject: str) -> None:
        async with asyncio.timeout(WAIT_S):
            while subject not in self.heard:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def url(new_database: DatabaseFactory) -> str:
    return new_database("postgres").url


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[tuple[Ear, asyncpg.Connection, asyncpg.Connection]]:
    """A feed, and two others who write."""
    database = open_database(url)
    await migrate(database)
    ear = Ear(database)
    await database.open()
    one, other = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        yield ear, one, other
    finally:
        await one.close()
        await other.close()
        await database.close()


async def append(conn: asyncpg.Connection, subject: str) -> None:
    now = await conn.fetchval("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
    await conn.execute(APPEND, subject, now)
    await conn.execute(NOTIFY)


def test_a_late_commit_is_delivered_and_nothing_is_delivered_repeatedly(url: str) -> None:
    """The late one has the lower number and the lower transaction id, and becomes visible after higher ones."""

    async def run() -> list[str]:
        async with listening(url) as (ear, late, early):
            slow = late.transaction()
            await slow.start()
            await append(late, "late")
            for subject in ("early", "earlier", "last"):
                await append(early, subject)
                await ear.wait_for(subject)
            assert "late" not in ear.heard
            await slow.commit()
            await ear.wait_for("late")
            await append(early, "end")
            await ear.wait_for("end")
            return ear.heard

    assert asyncio.run(run()) == ["early", "earlier", "last", "late", "end"]


def test_after_a_lost_connection_every_change_is_delivered_again(url: str) -> None:
    """A standby that takes over may not know the last transaction ids of the primary, and uses them again."""

    async def run() -> None:
        async with listening(url) as (ear, one, _):
            await append(one, "before")
            await ear.wait_for("before")
            async with one.transaction():
                await append(one, "of an id used before")
                await one.execute("update changes set txid = 1 where subject = 'of an id used before'")
            await append(one, "after")
            await ear.wait_for("after")
            assert "of an id used before" not in ear.heard
            await one.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and application_name = 'linkxg'"
            )
            await ear.wait_for("of an id used before")

    asyncio.run(run())
