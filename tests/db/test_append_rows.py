"""Rows in bulk without a look at what is stored: what the database refuses is an error like that of any statement."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from conftest import ENGINES, DatabaseFactory
from linkxg.db import open_database
from linkxg.db.append_rows import append_rows
from linkxg.db.migrations import migrate
from linkxg.ids import uuid7
from linkxg.network.epcis.events.store import items

COLUMNS = ("id", "uri", "level", "lot")


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_are_appended_all_or_none(engine: str, new_database: DatabaseFactory) -> None:
    account_id = uuid7()
    rows = [(number, f"https://example.com/{number}\U0001f600", 1, None) for number in range(1, 1_200)]

    def append(conn: Connection, first: int, last: int) -> None:
        append_rows(conn, items, COLUMNS, rows[first:last], same={"account_id": account_id})

    def append_and_fail(conn: Connection) -> None:
        append(conn, 0, 700)
        raise LookupError

    def stored(conn: Connection) -> list[tuple[object, ...]]:
        columns = [items.c[name] for name in COLUMNS]
        query = select(*columns).where(items.c.account_id == account_id).order_by(items.c.id)
        return [tuple(row) for row in conn.execute(query)]

    async def run() -> None:
        database = open_database(new_database(engine).url)
        await migrate(database)
        await database.open()
        try:
            await database.write(append, 0, 0)
            with pytest.raises(LookupError):
                await database.write(append_and_fail)
            assert await database.read(stored) == []
            await database.write(append, 0, 700)
            with pytest.raises((DBAPIError, sqlite3.IntegrityError)) as refused:
                await database.write(append, 699, 1_199)
            if engine == "postgresql":
                assert isinstance(refused.value, DBAPIError)
                assert getattr(refused.value.orig, "sqlstate", "") == "23505"
                assert "example.com" not in str(refused.value).partition("DETAIL")[0]
            assert await database.read(stored) == rows[:700]
            await database.write(append, 700, 1_199)
            assert await database.read(stored) == rows
        finally:
            await database.close()

    asyncio.run(run())
