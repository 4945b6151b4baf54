"""A unit of work behaves the same on both engines: what it sees, returns and raises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Connection, text

from conftest import DatabaseFactory
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.errors import Conflict, TemporarilyUnavailable
from linkxg.identity.accounts.store import count_accounts, insert_account
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


def test_reads_are_snapshots_and_a_single_statement_needs_no_transaction_for_that(
    new_database: DatabaseFactory,
) -> None:
    def settings(conn: Connection) -> list[str]:
        names = ("transaction_isolation", "transaction_read_only")
        return [conn.execute(text(f"show {name}")).scalar_one() for name in names]

    def leaves_a_transaction_open(conn: Connection) -> bool:
        """Whether the statement ran between BEGIN and COMMIT, each of which is one more round trip."""
        conn.execute(text("select 1"))
        driver = conn.connection.driver_connection
        assert driver is not None
        return bool(driver.is_in_transaction())

    async def story(database: Database) -> None:
        assert await database.read(settings) == ["repeatable read", "on"]
        assert await database.read(leaves_a_transaction_open)
        for door in (database.read_single, database.read_in_thread, database.execute_single):
            assert not await door(leaves_a_transaction_open)
            with pytest.raises(RuntimeError):
                await door(settings)

    on(new_database("postgres").url, story)


def test_no_write_waits_for_reads_and_a_read_waits_for_a_bounded_time(new_database: DatabaseFactory) -> None:
    """Sign-ins, refreshes and revocations are writes; reads may come in any number."""

    def sleep(conn: Connection) -> None:
        conn.execute(text("select pg_sleep(3.5)"))

    async def story(database: Database) -> None:
        reading = [asyncio.ensure_future(database.read_single(sleep)) for _ in range(12)]
        await asyncio.sleep(0.2)
        await asyncio.gather(*(database.write(insert_account, uuid7(), "Acme", 0) for _ in range(4)))
        assert not any(one.done() for one in reading)
        outcomes = await asyncio.gather(*reading, return_exceptions=True)
        assert any(isinstance(one, TemporarilyUnavailable) for one in outcomes)
        assert all(one is None or isinstance(one, TemporarilyUnavailable) for one in outcomes)

    on(new_database("postgres").url, story)
