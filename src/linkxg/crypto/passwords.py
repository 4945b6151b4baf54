"""Hashes and verifies passwords with argon2id in a bounded pool of threads.

OWASP's parameters (m=19456 KiB, t=2, p=1). Hashing runs in a few threads at low priority — argon2 releases the
interpreter lock — behind a bounded queue: when it is full, the caller gets 503 at once.
"""

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from linkxg.crypto.malloc import release_memory
from linkxg.errors import TemporarilyUnavailable
from linkxg.runtime.normal_form import normalize

T = TypeVar("T")
PARAMETERS: Any = {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1, "hash_len": 32, "salt_len": 16}
LOW_PRIORITY = 10
IDLE_S = 5.0
"""Time after the last hash after which its memory is released."""


class Passwords:
    """A bounded pool of argon2id hashers. `threads` hash at once; at most `queue` callers wait."""

    def __init__(self, threads: int = 0, queue: int = 64) -> None:
        self._hasher = PasswordHasher(**PARAMETERS)
        self.threads = threads or os.cpu_count() or 1
        self._queue = queue
        self._pool = ThreadPoolExecutor(self.threads, "argon2", initializer=_lower_priority)
        self.pending = 0
        self._release_timer: asyncio.TimerHandle | None = None
        # Verified for unknown people, so that they take as long as known ones.
        self._dummy = self._hasher.hash(secrets.token_hex(16))

    async def hash(self, password: str) -> str:
        """The encoded argon2id hash (PHC string)."""
        return await self._run(lambda: self._hasher.hash(normalise(password)))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` matches; without a `stored` hash (None or empty), false after the same work."""
        return await self._run(lambda: self._verify(stored, normalise(password)))

    def needs_rehash(self, stored: str) -> bool:
        """Whether `stored` has other parameters than the current ones."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        if self._release_timer is not None:
            self._release_timer.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _release_memory(self) -> None:
        if not self.pending:
            self._pool.submit(release_memory)

    def _verify(self, stored: str | None, password: str) -> bool:
        try:
            self._hasher.verify(stored or self._dummy, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
        return bool(stored)

    async def _run(self, work: Callable[[], T]) -> T:
        if self.pending >= self.threads + self._queue:
            raise TemporarilyUnavailable("password queue is full", retry_after=2)
        self.pending += 1
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, work)
        finally:
            self.pending -= 1
            if self._release_timer is not None:
                self._release_timer.cancel()
            self._release_timer = loop.call_later(IDLE_S, self._release_memory)


def normalise(password: str) -> str:
    """NFC; otherwise a password is used as typed (NIST SP 800-63B §3.1.1.2, ASVS 6.2.8)."""
    return normalize("NFC", password)


def _lower_priority() -> None:
    # On Linux a priority belongs to the thread: many sign-ins must not delay token requests.
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
