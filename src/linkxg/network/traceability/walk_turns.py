"""Gives walks their turn: one of a database at a time in a process, and one of each account in the queue.

The other slots of bounded reads stay free for queries, and an account with many walks, such as those of a recall, keeps
others waiting for one of them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from linkxg.db import Database
from linkxg.runtime.timed_semaphore import TimedSemaphore

WALKS = 1
WAIT_S = 20.0
"""For both turns together."""


class _Turns:
    def __init__(self) -> None:
        self._all = TimedSemaphore(WALKS, WAIT_S, "walk")
        self._by_account: WeakValueDictionary[str, TimedSemaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, account_id: str) -> AsyncIterator[None]:
        mine = self._by_account.get(account_id)
        if mine is None:
            mine = self._by_account[account_id] = TimedSemaphore(1, WAIT_S, "walk of an account")
        until = asyncio.get_running_loop().time() + WAIT_S
        async with mine.slot(until), self._all.slot(until):
            yield


_turns: WeakKeyDictionary[Database, _Turns] = WeakKeyDictionary()


@asynccontextmanager
async def walk_turn(database: Database, account_id: str) -> AsyncIterator[None]:
    """Raises TemporarilyUnavailable if the turn does not come in time."""
    if database not in _turns:
        _turns[database] = _Turns()
    async with _turns[database].turn(account_id):
        yield
