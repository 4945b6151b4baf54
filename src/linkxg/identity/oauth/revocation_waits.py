"""Requests of this worker that wait until the revocations of their account change."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable

from linkxg.db.invalidation_feed import InvalidationFeed
from linkxg.errors import TemporarilyUnavailable
from linkxg.identity.tokens.keys import KeyRing
from linkxg.runtime import leaving
from linkxg.runtime.background import BackgroundTask
from linkxg.runtime.concurrency_limit import ConcurrencyLimit

POLL_S = 0.1
MAX_WAITS, MAX_WAITS_OF_ACCOUNT, RESERVED_WAITS = 1_000, 200, 200


class RevocationWaits:
    """Waits for changes. The feed wakes those whom one concerns; `task` asks it for changes while somebody waits."""

    def __init__(self, feed: InvalidationFeed, keys: KeyRing) -> None:
        self._feed = feed
        self._keys = keys
        self._slots = ConcurrencyLimit(MAX_WAITS_OF_ACCOUNT, MAX_WAITS, reserve=RESERVED_WAITS)
        self._waits: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.task = BackgroundTask("revocation-feed", self._poll, every_s=None)

    async def until_changed(self, account_id: str, is_known: Callable[[], bool], seconds: float) -> None:
        """Return once `is_known` is false, after so many seconds, or at once if too many wait."""
        with self._slots.slot(account_id) as has_slot:
            if not has_slot:
                return
            changed = asyncio.Event()
            waits = self._waits[account_id]
            waits.add(changed)
            self.task.wake()
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        while is_known():
                            await changed.wait()
                            if leaving.has_begun():
                                return
                            changed.clear()
            finally:
                waits.discard(changed)
                if not waits and self._waits.get(account_id) is waits:
                    del self._waits[account_id]

    def wake(self, account_id: str | None) -> None:
        """The revocations of this account have changed, or of None: of all of them."""
        found = self._waits.values() if account_id is None else (self._waits.get(account_id, ()),)
        for waits in found:
            for changed in waits:
                changed.set()

    async def _poll(self) -> None:
        keys = self._keys.live()
        while self._waits and not leaving.has_begun():
            # Calls `wake` for what is new on SQLite; PostgreSQL's feed reads by itself.
            try:
                self._feed.check()
            except TemporarilyUnavailable:
                # Whoever waits answers that the feed is out of reach.
                self.wake(None)
                raise
            self.task.recovered()
            known, keys = keys, self._keys.live()
            if keys != known:
                self.wake(None)
            await self.task.pause(POLL_S)
        if leaving.has_begun():
            self.wake(None)
