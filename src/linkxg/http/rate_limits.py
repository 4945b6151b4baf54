"""Rate budgets, in memory or in Valkey.

A budget is a number of requests per window, counted per key. In memory (per worker, bounded: a flood of random
keys evicts the oldest) or in Valkey/Redis (shared by nodes) by the `limits` library. The refusal carries
Retry-After and the RateLimit fields (draft-ietf-httpapi-ratelimit-headers).
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from linkxg.errors import RateLimitExceeded, TemporarilyUnavailable
from linkxg.runtime.cache import evict_oldest
from linkxg.runtime.eager_start import ensure_task

MAX_KEYS = 50_000


class Budget(NamedTuple):
    """`amount` requests per `seconds`, counted under `name`."""

    name: str
    amount: int
    seconds: int


class Limits(ABC):
    """Counts hits in fixed windows and refuses those beyond a budget; `scale` multiplies every budget."""

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self._scaled: dict[str, int] = {}

    @abstractmethod
    async def spend(self, budget: Budget, key: str) -> None:
        """Count one hit. Raises RateLimitExceeded once the window's budget is gone."""

    @abstractmethod
    async def require(self, *budgets: tuple[Budget, str]) -> None:
        """Raises RateLimitExceeded if a budget is used up; counts nothing."""

    @abstractmethod
    async def give_back(self, budget: Budget, key: str) -> None:
        """Undo one hit, after an attempt that succeeded."""

    @abstractmethod
    async def close(self) -> None: ...

    def _refuse_beyond(self, budget: Budget, hits: int, left: float) -> None:
        """Raises RateLimitExceeded for more hits than the budget allows; the window ends in `left` seconds."""
        allowed = self._scaled.get(budget.name)
        if allowed is None:
            allowed = self._scaled[budget.name] = max(1, int(budget.amount * self._scale))
        if hits > allowed:
            raise refusal(budget, allowed, left)


class MemoryLimits(Limits):
    """Windows in one bounded dictionary per budget.

    Uses the monotonic clock, so that a clock change has no effect.
    """

    def __init__(self, scale: float = 1.0, max_keys: int = MAX_KEYS) -> None:
        super().__init__(scale)
        self._budgets: dict[str, dict[str, _Window]] = defaultdict(dict)
        self._max_keys = max_keys

    async def spend(self, budget: Budget, key: str) -> None:
        window = self._hit(budget, key)
        self._refuse_beyond(budget, window.hits, window.ends - time.monotonic())

    async def require(self, *budgets: tuple[Budget, str]) -> None:
        for budget, key in budgets:
            window = self._budgets[budget.name].get(key)
            if window is not None and (left := window.ends - time.monotonic()) > 0:
                self._refuse_beyond(budget, window.hits + 1, left)

    async def give_back(self, budget: Budget, key: str) -> None:
        window = self._budgets[budget.name].get(key)
        if window is not None and window.hits:
            window.hits -= 1

    async def close(self) -> None:
        self._budgets.clear()

    def _hit(self, budget: Budget, key: str) -> "_Window":
        windows, now = self._budgets[budget.name], time.monotonic()
        window = windows.get(key)
        if window is None or window.ends <= now:
            windows.pop(key, None)
            evict_oldest(windows, self._max_keys)
            window = windows[key] = _Window(now + budget.seconds)
        window.hits += 1
        return window


class _Window:
    """The hits of one key until `ends` (monotonic seconds)."""

    __slots__ = ("ends", "hits")

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.hits = 0


class SharedLimits(Limits):
    """Windows in Valkey or Redis, by the library `limits`; 503 while it is unavailable."""

    def __init__(self, url: str, scale: float = 1.0) -> None:
        from limits.aio.storage import RedisStorage
        from limits.storage import storage_from_string

        super().__init__(scale)
        # One client library speaks to both servers.
        storage = storage_from_string("async+valkey://" + url.partition("://")[2])
        assert isinstance(storage, RedisStorage)
        self._storage = storage
        known = storage.base_exceptions
        self._failures: tuple[type[Exception], ...] = (OSError, *(known if isinstance(known, tuple) else (known,)))

    async def spend(self, budget: Budget, key: str) -> None:
        async with self._reached() as storage:
            hits = await storage.incr(_name(budget, key), budget.seconds)
            left = await self._left(budget, key)
        self._refuse_beyond(budget, hits, left)

    async def require(self, *budgets: tuple[Budget, str]) -> None:
        async with self._reached() as storage:
            # Concurrently, in the time of one round trip.
            found = await asyncio.gather(*(storage.get(_name(budget, key)) for budget, key in budgets))
        for (budget, key), hits in zip(budgets, found, strict=True):
            if hits:
                async with self._reached():
                    left = await self._left(budget, key)
                self._refuse_beyond(budget, hits + 1, left)

    async def give_back(self, budget: Budget, key: str) -> None:
        async with self._reached() as storage:
            name = _name(budget, key)
            if await storage.incr(name, budget.seconds, -1) < 0:
                # The window of that hit has ended.
                await storage.incr(name, budget.seconds)

    async def close(self) -> None:
        # Every bridge of the library has `get_connection`, but their common type does not.
        bridge: Any = self._storage.bridge
        await bridge.get_connection().aclose()

    async def _left(self, budget: Budget, key: str) -> float:
        return max(0.0, await self._storage.get_expiry(_name(budget, key)) - time.time())

    @asynccontextmanager
    async def _reached(self) -> AsyncIterator[Any]:
        # The client library limits its waits by asyncio.timeout.
        await ensure_task()
        try:
            yield self._storage
        except self._failures as error:
            raise TemporarilyUnavailable(f"limits: {type(error).__name__}") from error


def _name(budget: Budget, key: str) -> str:
    return f"linkxg:{budget.name}:{key}"


def refusal(budget: Budget, allowed: int, left: float) -> RateLimitExceeded:
    seconds = max(1, int(left) + 1)
    fields = rate_limit_fields(budget.name, allowed, budget.seconds, seconds)
    return RateLimitExceeded(reason=f"budget {budget.name}", retry_after=seconds, headers=fields)


def rate_limit_fields(name: str, allowed: int, window_s: int, retry_s: int) -> dict[str, str]:
    """The header fields of a limit that is used up."""
    return {
        "RateLimit-Policy": f'"{name}";q={allowed};w={window_s}',
        "RateLimit": f'"{name}";r=0;t={retry_s}',
    }


def open_limits(url: str, scale: float) -> Limits:
    """Budgets counted at `memory://` or at a `valkey://` or `redis://` address."""
    return MemoryLimits(scale) if url.startswith("memory:") else SharedLimits(url, scale)
