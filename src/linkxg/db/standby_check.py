"""Whether a write that timed out was waiting for a synchronous standby.

A commit that waits for one is cut by no timeout of the server, and the client learns no reason.
"""

import asyncio

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from linkxg.db.health import missing_standby

BOUND_S = 0.9


class StandbyCheck:
    """Looks through a connection of its own: those of the pool may all be waiting. One look serves whoever asks."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._look: asyncio.Task[str | None] | None = None

    async def missing(self) -> str | None:
        """What to say about a missing standby; None if there is none missing, or no answer in time."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._ask(), name="standby-check")
        return await asyncio.shield(self._look)

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(BOUND_S), self._engine.connect() as conn:
                return await conn.run_sync(missing_standby)
        except (OSError, SQLAlchemyError):
            return None
