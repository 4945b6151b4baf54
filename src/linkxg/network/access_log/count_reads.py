"""Counts reads of shared products in memory, and writes the counts in the background.

A count that cannot be written is kept and tried again: a database that fails neither fails nor slows a read.
"""

import time
from collections.abc import Iterable
from itertools import islice

from linkxg.clock import HOUR, now_ms
from linkxg.db import Database
from linkxg.http.logs import log
from linkxg.network.access_log import store
from linkxg.network.access_log.store import CountKey
from linkxg.runtime.background import BackgroundTask

FLUSH_S = 2.0
BATCH = 100
"""Counts per transaction: few enough not to delay a concurrent request."""
WRITE_SHARE = 0.1
"""Share of time spent writing: very many counts take longer instead of more of the database."""
MAX_COUNTS = 40_000
"""Beyond that, the reads of a viewer are counted together, without their products."""
MAX_ALL = 60_000
"""Beyond that, reads of further viewers are not counted, and the log says how many."""
STOP_S = 5.0
SEVERAL = ""
"""In place of a product."""


class AccessLog:
    """The counts of one worker since its last flush; `task` writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[CountKey, int] = {}
        self._uncounted = 0
        self.task = BackgroundTask("access-log", self._flush, every_s=FLUSH_S)

    def count(self, owner_id: str, viewer_id: str, product_ids: Iterable[str]) -> None:
        """One read of each of these products of an owner, by another account."""
        now = now_ms()
        hour = now - now % HOUR
        for product_id in product_ids:
            self._add(CountKey(owner_id, viewer_id, hour, product_id), 1)

    async def stop(self) -> None:
        """Write what was counted, unless the database is unreachable."""
        # Cancelled in the middle of a write, a batch would be counted twice or not at all.
        await self.task.stop(grace_s=STOP_S)
        until = time.monotonic() + STOP_S
        try:
            while self._counts and time.monotonic() < until:
                await self._write_batch()
        except Exception as fault:  # noqa: BLE001  the rest of the stop goes on
            log.error("access_log.failed", fault=type(fault).__name__)
        if self._counts:
            log.error("access_log.lost", counts=len(self._counts))

    def _add(self, key: CountKey, reads: int) -> None:
        counts = self._counts
        if key not in counts and len(counts) >= MAX_COUNTS:
            key = key._replace(product_id=SEVERAL)
            if key not in counts and len(counts) >= MAX_ALL:
                self._uncounted += reads
                return
        counts[key] = counts.get(key, 0) + reads

    async def _flush(self) -> None:
        """Write what had been counted when this began, or until the task is to stop."""
        if self._uncounted:
            log.error("access_log.uncounted", reads=self._uncounted)
            self._uncounted = 0
        left = len(self._counts)
        while left > 0 and self._counts and not self.task.stopping.is_set():
            began = time.monotonic()
            left -= await self._write_batch()
            if left > 0:
                await self.task.pause((time.monotonic() - began) * (1 / WRITE_SHARE - 1))

    async def _write_batch(self) -> int:
        """Write the oldest counts and return how many. Raises the fault that prevents it; the counts are kept."""
        batch = {key: self._counts.pop(key) for key in list(islice(self._counts, BATCH))}
        try:
            await self._database.write(store.add_reads, batch.items())
        except BaseException:
            for key, reads in batch.items():
                self._add(key, reads)
            raise
        return len(batch)
