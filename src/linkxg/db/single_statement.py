"""A check that a unit in autocommit executes one statement.

Each statement sees a snapshot of its own there, and is committed by itself: two of them may contradict each other.
"""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_EXECUTED = "linkxg_executed"


def allow_one_statement(engine: AsyncEngine) -> None:
    """Refuse the second statement of each unit that connects through `engine`, with a RuntimeError."""
    event.listen(engine.sync_engine, "engine_connect", _begin)
    event.listen(engine.sync_engine, "before_cursor_execute", _count)


def _begin(conn: Connection) -> None:
    conn.info[_EXECUTED] = False


def _count(conn: Connection, *_: Any) -> None:
    if conn.info[_EXECUTED]:
        raise RuntimeError("a unit of several statements needs a transaction: read or write")
    conn.info[_EXECUTED] = True
