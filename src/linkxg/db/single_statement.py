"""Checks that a unit in autocommit executes one statement: two of them would see different snapshots."""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_EXECUTED = "linkxg_executed"


def allow_one_statement(engine: AsyncEngine) -> None:
    """Raise RuntimeError at the second statement of a unit that connects through `engine`."""
    event.listen(engine.sync_engine, "engine_connect", _begin)
    event.listen(engine.sync_engine, "before_cursor_execute", _count)


def _begin(conn: Connection) -> None:
    conn.info[_EXECUTED] = False


def _count(conn: Connection, *_: Any) -> None:
    if conn.info[_EXECUTED]:
        raise RuntimeError("a unit of several statements needs a transaction: read or write")
    conn.info[_EXECUTED] = True
