"""What a unit of work sees, and what becomes of what it returns or raises, is the same on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection

from conftest import DatabaseFactory
from linkxg.accounts.store import count_accounts, insert_account
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.errors import Conflict
from linkxg.ids import uuid7


def on(url: str, story: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        database = open_database(url)
        await migrate(database)
        await database.open()
        try:
            await story(database)
        finally:
            await database.close()

    asyncio.run(run())


def test_an_exception_that_a_unit_returns_is_its_outcome(engine: str, new_database: DatabaseFactory) -> None:
    def written(conn: Connection, outcome: Exception | None) -> Exception | None:
        insert_account(conn, uuid7(), "Acme", 0)
        return outcome

    def undone(conn: Connection) -> None:
        insert_account(conn, uuid7(), "Acme", 0)
        raise LookupError

    async def story(database: Database) -> None:
        refusal = Conflict()
        assert await database.write(written, refusal) is refusal
        # On SQLite these are one group, which is written a second time because one of its units raises.
        outcomes = await asyncio.gather(
            database.write(written, refusal),
            database.write(undone),
            database.write(written, None),
            return_exceptions=True,
        )
        assert (outcomes[0], outcomes[2]) == (refusal, None)
        assert isinstance(outcomes[1], LookupError)
        assert await database.read(count_accounts) == 3

    on(new_database(engine).url, story)
