"""Turns at something that all accounts share: of each account one waits in the queue, so none fills it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from linkxg.runtime.timed_semaphore import TimedSemaphore


class AccountTurns:
    """`count` turns at the same time at each `shared` object, in order; `what` names the work in the log."""

    def __init__(self, count: int, what: str) -> None:
        self._count, self._what = count, what
        self._queues: WeakKeyDictionary[object, _Queue] = WeakKeyDictionary()

    @asynccontextmanager
    async def turn(self, shared: object, account_id: str, wait_s: float) -> AsyncIterator[None]:
        """Raises TemporarilyUnavailable if it does not come within `wait_s`, for both waits together."""
        queue = self._queues.get(shared)
        if queue is None:
            queue = self._queues[shared] = _Queue(self._count, self._what)
        until = asyncio.get_running_loop().time() + wait_s
        async with queue.of_account(account_id).slot(until), queue.all.slot(until):
            yield


class _Queue:
    def __init__(self, count: int, what: str) -> None:
        self.all = TimedSemaphore(count, 0, what)
        self._what = what
        self._by_account: WeakValueDictionary[str, TimedSemaphore] = WeakValueDictionary()

    def of_account(self, account_id: str) -> TimedSemaphore:
        found = self._by_account.get(account_id)
        if found is None:
            found = self._by_account[account_id] = TimedSemaphore(1, 0, f"{self._what} of an account")
        return found
