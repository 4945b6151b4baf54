"""Follows key changes of other nodes.

The change feed announces one; this reads the row, replaces the node's file and announces it to all parts of the worker.
"""

import asyncio
import contextlib
from pathlib import Path

from linkxg.clock import now_ms
from linkxg.db import Change, Database
from linkxg.db.changes import KEYS
from linkxg.errors import TemporarilyUnavailable
from linkxg.tokens.keys import KeyRing, KeysError
from linkxg.tokens.shared_keys import follow
from linkxg.tokens.store import find_sealed_keys
from linkxg.web.logs import log

RETRY_S = 0.5


class KeyKeeper:
    """Follows while the service runs; what it cannot follow it refuses to serve."""

    def __init__(self, database: Database, data_dir: Path, keys: KeyRing) -> None:
        self._database = database
        self._data_dir = data_dir
        self._keys = keys
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        database.feed.subscribe(KEYS, self._heard)

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="keys")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _heard(self, change: Change) -> None:
        # The file may have been replaced already: by who changed the keys, or by another worker of this machine.
        if change.epoch > self._keys.version:
            self._news.set()

    async def _keep(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._follow()
            except TemporarilyUnavailable:
                # Soon the feed is stale too, and then nothing is served that these keys could concern.
                await asyncio.sleep(RETRY_S)
                self._news.set()
            except (KeysError, OSError) as error:
                log.error("keys.failed", reason=str(error))
                self._keys.distrust(str(error))
                self._tell(0)

    async def _follow(self) -> None:
        row = await self._database.read(find_sealed_keys)
        if row is None or row.version <= self._keys.version:
            return
        await asyncio.to_thread(follow, self._data_dir, row)
        self._tell(row.version)

    def _tell(self, version: int) -> None:
        self._database.feed.apply((Change(KEYS, "", version, now_ms()),))
