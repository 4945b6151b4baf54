"""Requests of this worker that wait for the next entry of a feed; one query looks for all of them."""

import asyncio
import time
from typing import NamedTuple

from linkxg.db import Database
from linkxg.network.feed import store
from linkxg.runtime import leaving
from linkxg.runtime.background import BackgroundTask
from linkxg.runtime.concurrency_limit import ConcurrencyLimit
from linkxg.runtime.timed_semaphore import TimedSemaphore

POLL_S = 0.25
MAX_WAITS, MAX_WAITS_OF_ACCOUNT = 1_000, 8
MAX_READS, READ_WAIT_S = 3, 10.0


class _Wait(NamedTuple):
    account_id: str
    seq: int
    over: asyncio.Event


class FeedWaits:
    """Waits for entries; `task` polls while somebody waits.

    Those for whom there is news are woken one after the other until the next poll, and few read at once (`reads`):
    otherwise they would take every connection to the database and hold up other requests.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._slots = ConcurrencyLimit(MAX_WAITS_OF_ACCOUNT, MAX_WAITS)
        self._waits: set[_Wait] = set()
        self.reads = TimedSemaphore(MAX_READS, READ_WAIT_S, "feed")
        self.task = BackgroundTask("shared-changes", self._poll, every_s=None)

    async def until_after(self, account_id: str, seq: int, seconds: float) -> None:
        """Return when the feed has an entry above `seq`, after so many seconds, or at once if too many wait."""
        with self._slots.slot(account_id) as has_slot:
            if not has_slot:
                return
            wait = _Wait(account_id, seq, asyncio.Event())
            self._waits.add(wait)
            self.task.wake()
            try:
                async with asyncio.timeout(seconds):
                    await wait.over.wait()
            except TimeoutError:
                pass
            finally:
                self._waits.discard(wait)

    async def _poll(self) -> None:
        while self._waits and not leaving.has_begun():
            began = time.monotonic()
            accounts = {wait.account_id for wait in self._waits}
            heads = await self._database.read_single(store.list_heads, list(accounts))
            self.task.recovered()
            found = [wait for wait in self._waits if heads.get(wait.account_id, 0) > wait.seq]
            for wait in found:
                wait.over.set()
                await self.task.pause(POLL_S / len(found))
            await self.task.pause(began + POLL_S - time.monotonic())
        if leaving.has_begun():
            for wait in self._waits:
                wait.over.set()
