"""A semaphore whose waits have a deadline."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from linkxg.errors import TemporarilyUnavailable
from linkxg.runtime.eager_start import ensure_task


class TimedSemaphore:
    """`count` slots; who finds none waits in order, for at most `wait_s`. `what` names the work in the log."""

    def __init__(self, count: int, wait_s: float, what: str) -> None:
        self._free = asyncio.Semaphore(count)
        self._wait_s, self._what = wait_s, what

    @asynccontextmanager
    async def slot(self, until: float | None = None) -> AsyncIterator[None]:
        """Raises TemporarilyUnavailable if no slot is free in time, or by `until` on the clock of the event loop."""
        await ensure_task()
        try:
            async with asyncio.timeout(self._wait_s) if until is None else asyncio.timeout_at(until):
                await self._free.acquire()
        except TimeoutError as error:
            raise TemporarilyUnavailable(f"{self._what}: none of the slots was free in time") from error
        try:
            yield
        finally:
            self._free.release()
