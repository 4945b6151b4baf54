"""Follows key changes of other nodes.

The change feed announces one; this reads the row, replaces the node's file and announces it to all parts of the worker.
"""

import asyncio
import contextlib
from pathlib import Path

from linkxg.clock import now_ms
from linkxg.db import Database, Invalidation
from linkxg.db.invalidation_feed import KEYS
from linkxg.errors import PublicError
from linkxg.http.logs import log
from linkxg.identity.tokens.key_store import find_sealed_keys
from linkxg.identity.tokens.keys import KeyRing, KeysError
from linkxg.identity.tokens.manage_keys import sync_key_file
from linkxg.runtime.background import BackgroundTask

RETRY_S = 0.5


class KeySync:
    """Follows while the service runs; what it cannot follow it refuses to serve."""

    def __init__(self, database: Database, data_dir: Path, keys: KeyRing) -> None:
        self._database = database
        self._data_dir = data_dir
        self._keys = keys
        self._is_lost = False
        # Soon after an outage the feed is fresh again, and decides by these keys.
        self.task = BackgroundTask("keys", self._follow, every_s=None, retry_s=RETRY_S, longest_retry_s=RETRY_S)
        database.feed.subscribe(KEYS, self._heard)

    def _heard(self, change: Invalidation) -> None:
        # The file may have been replaced already: by who changed the keys, or by another worker of this machine.
        if change.epoch > self._keys.version:
            self.task.wake()

    async def _follow(self) -> None:
        if self._is_lost:
            return
        try:
            row = await self._database.read_single(find_sealed_keys)
            if row is not None and row.version > self._keys.version:
                await asyncio.to_thread(sync_key_file, self._data_dir, row)
                self._apply(row.version)
        except PublicError:
            # Soon the feed is stale too, and then nothing is served that these keys could concern.
            raise
        except KeysError as error:
            # Other parts of the program hold keys of the old file: only a restart gives them those of another one.
            log.error("keys.failed", reason=str(error))
            self._is_lost = True
            self._refuse(str(error))
        except Exception as fault:
            self._refuse(f"signing keys: {type(fault).__name__}")
            raise
        else:
            self._keys.trust()

    def _refuse(self, reason: str) -> None:
        self._keys.distrust(reason)
        # Tokens that were verified before are verified again, and refused; the file may be unreadable.
        with contextlib.suppress(PublicError):
            self._apply(0)

    def _apply(self, version: int) -> None:
        self._database.feed.apply((Invalidation(KEYS, "", version, now_ms()),))
