"""Discards pooled PostgreSQL connections whose server no longer answers.

When a server fails, every connection to it is of no use, and asking each of them in turn would take its time-out each
time. So once one has fallen silent, those that are as old are dropped when they are next wanted, and so are those that
the network has ended meanwhile; whoever asked gets a new one.
"""

import time
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_MADE_AT = "linkxg_made_at"


class PoolTrust:
    """In the connections of one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._distrusted_at = float("-inf")
        event.listen(engine.sync_engine, "connect", self._made)
        event.listen(engine.sync_engine, "checkout", self._require)

    def fell_silent(self) -> None:
        """An answer did not come in time: nothing more is asked on any connection made before now."""
        self._distrusted_at = time.monotonic()

    async def end(self, conn: AsyncConnection) -> None:
        """Here and now: a farewell would be one more thing that nobody answers."""
        if conn.closed or conn.invalidated:
            return
        raw = (await conn.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        raw.terminate()

    def _made(self, _: Any, record: Any) -> None:
        record.info[_MADE_AT] = time.monotonic()

    def _require(self, dbapi_connection: Any, record: Any, _: Any) -> None:
        raw = dbapi_connection.driver_connection
        if raw.is_closed() or record.info[_MADE_AT] <= self._distrusted_at:
            raw.terminate()
            raise InvalidatePoolError
