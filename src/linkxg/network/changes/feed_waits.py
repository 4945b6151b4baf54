"""Requests of this worker that wait for the next entry of a feed; one query looks for all of them."""

import asyncio
import time
from collections import defaultdict

from linkxg.db import Database
from linkxg.network.changes import store
from linkxg.runtime.background import BackgroundTask

POLL_S = 0.25
MAX_WAITS, MAX_WAITS_OF_ACCOUNT = 1_000, 8


class FeedWaits:
    """Waits for entries; `task` polls while somebody waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waits: dict[str, set[tuple[int, asyncio.Event]]] = defaultdict(set)
        self._count = 0
        self.task = BackgroundTask("shared-changes", self._poll, every_s=None)

    async def until_after(self, account_id: str, seq: int, seconds: float) -> None:
        """Return when the feed has an entry above `seq`, after so many seconds, or at once if too many wait."""
        if self._count >= MAX_WAITS or len(self._waits[account_id]) >= MAX_WAITS_OF_ACCOUNT:
            return
        wait = (seq, asyncio.Event())
        self._waits[account_id].add(wait)
        self._count += 1
        self.task.wake()
        try:
            async with asyncio.timeout(seconds):
                await wait[1].wait()
        except TimeoutError:
            pass
        finally:
            self._count -= 1
            self._waits[account_id].discard(wait)
            if not self._waits[account_id]:
                del self._waits[account_id]

    async def _poll(self) -> None:
        while self._count and not self.task.stopping.is_set():
            began = time.monotonic()
            heads = await self._database.read_single(store.list_heads, list(self._waits))
            for account_id, head in heads.items():
                for seq, event in self._waits.get(account_id, ()):
                    if head > seq:
                        event.set()
            self.task.recovered()
            await self.task.pause(began + POLL_S - time.monotonic())
        if self.task.stopping.is_set():
            for waits in self._waits.values():
                for _, event in waits:
                    event.set()
