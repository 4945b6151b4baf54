"""On PostgreSQL, a transaction that is interrupted costs its caller no error that a second run avoids, and nobody
else the connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from conftest import DatabaseFactory
from db.test_units_of_work import on
from linkxg.db import Database
from linkxg.db.append_rows import append_rows
from linkxg.db.postgres import POOL
from linkxg.db.server_bounds import SERVER_BOUNDS
from linkxg.ids import uuid7
from linkxg.network.epcis.events.store import items

PAUSE_S = int(SERVER_BOUNDS["idle_in_transaction_session_timeout"]) / 1_000 + 0.3
COLUMNS = ("id", "uri", "level", "lot")
ROWS = [(number, f"https://example.com/{number}", 1, None) for number in range(1, 5_001)]
ACCOUNT = {"account_id": uuid7()}


def pause(after_answer: bool) -> None:
    """Stop the process for longer than the server waits for a transaction's next statement.

    With `after_answer` it stops while the answer to the previous statement is on its way: so that this answer and the
    end of the session are read at once, and the next statement finds a connection that is not yet closed.
    """
    if after_answer:
        asyncio.get_running_loop().call_soon(time.sleep, PAUSE_S)
    else:
        time.sleep(PAUSE_S)


@pytest.mark.parametrize("after_answer", [True, False])
@pytest.mark.parametrize("door", ["read", "read_bounded", "write", "copy"])
def test_a_transaction_that_a_pause_of_the_process_ends_is_run_again(
    new_database: DatabaseFactory, door: str, after_answer: bool
) -> None:
    runs: list[int] = []

    def unit(conn: Connection) -> int:
        _one(conn)
        runs.append(len(runs))
        if len(runs) == 1:
            pause(after_answer)
            if after_answer:
                _one(conn)
        if door == "copy":
            append_rows(conn, items, COLUMNS, ROWS, same=ACCOUNT)
        elif door == "write":
            conn.execute(items.insert().values(id=1, uri="https://example.com/1", level=1, **ACCOUNT))
        return _stored(conn)

    async def story(database: Database) -> None:
        if door == "read_bounded":
            assert await database.read_bounded(unit, 5.0) == 0
        else:
            run = database.read if door == "read" else database.write
            expected = {"read": 0, "write": 1, "copy": len(ROWS)}[door]
            assert await run(unit) == expected
            assert await database.read(_stored) == expected
        assert len(runs) == 2
        await everybody_is_served(database)

    on(new_database("postgres").url, story)


def test_a_connection_whose_transaction_is_cancelled_serves_nobody_else(new_database: DatabaseFactory) -> None:
    """Wherever the cancellation arrives: at the checkout, in the middle of COPY or of the rows, at the commit."""

    def append_and_fail(conn: Connection) -> None:
        append_rows(conn, items, COLUMNS, ROWS, same=ACCOUNT)
        raise LookupError

    def rows(conn: Connection) -> Any:
        return conn.execute(text("select i, repeat('x', 1000) from generate_series(1, 3000) i")).all()

    async def story(database: Database) -> None:
        for begin in (lambda: database.write(append_and_fail), lambda: database.read_bounded(rows, 2.0)):
            cancelled = 0
            for turns in [*range(40), *range(40, 120, 5)]:
                cancelled += await _cancelled_after(turns, begin)
                if turns % 8 == 0:
                    await everybody_is_served(database)
            assert cancelled > 40
        await everybody_is_served(database)
        assert await database.read(_stored) == 0

    on(new_database("postgres").url, story)


async def _cancelled_after(turns: int, begin: Callable[[], Awaitable[object]]) -> bool:
    """Whether it was cancelled before it had ended, after so many turns of the event loop."""
    running = asyncio.ensure_future(begin())
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    outcome: object = (await asyncio.gather(running, return_exceptions=True))[0]
    return type(outcome) is asyncio.CancelledError


async def everybody_is_served(database: Database) -> None:
    """As many at once as there are connections for them."""
    served = [*(database.write(_one) for _ in range(POOL - 1)), database.read(_one), database.read_bounded(_one, 2.0)]
    assert await asyncio.gather(*served) == [1] * len(served)


def _one(conn: Connection) -> int:
    return int(conn.execute(text("select 1")).scalar_one())


def _stored(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(items)).scalar_one())
