"""Checks whether a write that timed out was waiting for a synchronous standby.

No server timeout ends a commit that waits for one, and the client gets no reason.
"""

import asyncio

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from linkxg.db.health import missing_standby

BOUND_S = 0.9


class StandbyCheck:
    """Uses a connection of its own: those of the pool may all be waiting. Concurrent callers share one query."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._check: asyncio.Task[str | None] | None = None

    async def missing(self) -> str | None:
        """The message about a missing standby; None if none is missing, or without an answer in time."""
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._query(), name="standby-check")
        return await asyncio.shield(self._check)

    async def _query(self) -> str | None:
        try:
            async with asyncio.timeout(BOUND_S), self._engine.connect() as conn:
                return await conn.run_sync(missing_standby)
        except (OSError, SQLAlchemyError):
            return None
