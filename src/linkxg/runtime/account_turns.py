"""Turns at something that all accounts share: of each account one waits in the queue, so none fills it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from linkxg.runtime.timed_semaphore import TimedSemaphore


class AccountTurns:
    """`count` turns at the same time, in order; `what` names the work in the log."""

    def __init__(self, count: int, what: str) -> None:
        self._all = TimedSemaphore(count, 0, what)
        self._what = what
        self._by_account: WeakValueDictionary[str, TimedSemaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, account_id: str, wait_s: float) -> AsyncIterator[None]:
        """Raises TemporarilyUnavailable if it does not come within `wait_s`, for both waits together."""
        mine = self._by_account.get(account_id)
        if mine is None:
            mine = self._by_account[account_id] = TimedSemaphore(1, 0, f"{self._what} of an account")
        until = asyncio.get_running_loop().time() + wait_s
        async with mine.slot(until), self._all.slot(until):
            yield
