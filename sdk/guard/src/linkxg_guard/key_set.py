"""LinkXG's public keys in memory, read again for an unknown one, but not more often than once per interval."""

import asyncio

from linkxg_guard.clock import now
from linkxg_guard.connection import Connection, Unreachable
from linkxg_guard.public_keys import PublicKey, read_key_set

PATH = "/.well-known/jwks.json"
MAX_BODY = 65_536
MIN_INTERVAL_S = 0.25
MAX_AGE_S, MAX_STALE_S = 300.0, 900.0


class KeySet:
    """`find` gives a key by id. A set that could not be read for MAX_STALE_S is not used any more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keys: dict[str, PublicKey] = {}
        self._read_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    def find(self, kid: str) -> PublicKey | None:
        key = self._keys.get(kid)
        return key if key is not None and now() - self._read_at < MAX_STALE_S else None

    async def load(self, kid: str) -> PublicKey | None:
        """The key, read again if it is missing. Callers at the same time share one request.

        Only for keys that LinkXG names itself, so that no forged token costs a request.
        """
        async with self._lock:
            found = self.find(kid)
            if found is None:
                await asyncio.sleep(max(0.0, self._tried_at + MIN_INTERVAL_S - now()))
                await self._read()
                found = self.find(kid)
            return found

    async def refresh(self) -> None:
        """Read the keys again if they are older than LinkXG lets caches keep them."""
        async with self._lock:
            started = now()
            if started - self._read_at >= MAX_AGE_S and started - self._tried_at >= MIN_INTERVAL_S:
                await self._read()

    async def _read(self) -> None:
        self._tried_at = started = now()
        try:
            self._keys = read_key_set(await self._connection.get(PATH, MAX_BODY))
        except (Unreachable, ValueError):
            # The keys that are known stay good until MAX_STALE_S; the feed says which of them are live.
            return
        self._read_at = started
