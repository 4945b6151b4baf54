"""Applies key changes by other nodes.

The invalidation feed announces a change; the stored keys then replace the node's file and those of this worker.
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
    """While a key change cannot be applied, requests that need the keys are rejected."""

    def __init__(self, database: Database, data_dir: Path, keys: KeyRing) -> None:
        self._database = database
        self._data_dir = data_dir
        self._keys = keys
        self._has_failed = False
        # Short retries: soon after an outage the feed is fresh again, and requests are served with these keys.
        self.task = BackgroundTask("keys", self._sync, every_s=None, retry_s=RETRY_S, longest_retry_s=RETRY_S)
        database.feed.subscribe(KEYS, self._on_change)

    def _on_change(self, change: Invalidation) -> None:
        # The file may already be current: replaced by `linkxg keys` or by another worker of this machine.
        if change.epoch > self._keys.version:
            self.task.wake()

    async def _sync(self) -> None:
        if self._has_failed:
            return
        try:
            row = await self._database.read_single(find_sealed_keys)
            if row is not None and row.version > self._keys.version:
                await asyncio.to_thread(sync_key_file, self._data_dir, row)
                self._apply(row.version)
        except PublicError:
            # The database is unreachable: soon the feed is stale too, and requests with tokens are rejected.
            raise
        except KeysError as error:
            # Other parts of the program hold the old server key until a restart.
            log.error("keys.failed", reason=str(error))
            self._has_failed = True
            self._refuse(str(error))
        except Exception as fault:
            self._refuse(f"signing keys: {type(fault).__name__}")
            raise
        else:
            self._keys.trust()

    def _refuse(self, reason: str) -> None:
        self._keys.distrust(reason)
        # Clears the cache of verified tokens; the file may be unreadable.
        with contextlib.suppress(PublicError):
            self._apply(0)

    def _apply(self, version: int) -> None:
        self._database.feed.apply((Invalidation(KEYS, "", version, now_ms()),))
