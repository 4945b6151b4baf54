"""Discards pooled PostgreSQL connections whose server no longer answers.

When a server fails, all connections to it are dead, and trying each of them would take a time-out each. So once one has
not answered, connections of that age are discarded at their next checkout, as are closed ones, and replaced.
"""

import time
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_CONNECTED_AT = "linkxg_made_at"


class PoolGuard:
    """Watches the connections of one engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._distrusted_at = float("-inf")
        event.listen(engine.sync_engine, "connect", self._on_connect)
        event.listen(engine.sync_engine, "checkout", self._on_checkout)

    def distrust(self) -> None:
        """An answer has timed out: use no connection made before now."""
        self._distrusted_at = time.monotonic()

    async def terminate(self, conn: AsyncConnection) -> None:
        """Close without a farewell, which nobody would answer."""
        if conn.closed or conn.invalidated:
            return
        raw = (await conn.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        raw.terminate()

    def _on_connect(self, _: Any, record: Any) -> None:
        record.info[_CONNECTED_AT] = time.monotonic()

    def _on_checkout(self, dbapi_connection: Any, record: Any, _: Any) -> None:
        raw = dbapi_connection.driver_connection
        if raw.is_closed() or record.info[_CONNECTED_AT] <= self._distrusted_at:
            raw.terminate()
            raise InvalidatePoolError
