"""A read whose cost its caller chooses ends at its bound, and holds nobody else up."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import Connection, text

from conftest import ENGINES, DatabaseFactory
from linkxg.db import open_database
from linkxg.db.database import ReadTooLong
from linkxg.db.migrations import migrate

ENDLESS = text("with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n where i < 0")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_read_that_takes_too_long_is_ended_while_others_go_on(engine: str, new_database: DatabaseFactory) -> None:
    async def run() -> None:
        database = open_database(new_database(engine).url)
        await migrate(database)
        await database.open()
        try:
            began = time.monotonic()
            endless = asyncio.ensure_future(database.read_bounded(lambda conn: conn.execute(ENDLESS).all(), 0.3))
            assert await database.read(_one) == 1
            assert not endless.done()
            with pytest.raises(ReadTooLong):
                await endless
            assert time.monotonic() - began < 5
            assert await database.read_bounded(_one, 2.0) == 1
            with pytest.raises(LookupError):
                await database.read_bounded(_fail, 2.0)
            # A connection that is kept sees what was committed since.
            await database.write(lambda conn: conn.execute(text("create table later (n integer)")))
            assert await database.read_bounded(lambda conn: conn.execute(text("select n from later")).all(), 2.0) == []
        finally:
            await database.close()

    asyncio.run(run())


def _fail(conn: Connection) -> None:
    _one(conn)
    raise LookupError


def _one(conn: Connection) -> int:
    return int(conn.execute(text("select 1")).scalar_one())
