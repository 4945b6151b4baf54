"""How is it kept fair?

A budget is a number of requests per window, counted per key. In memory (per worker, bounded: a flood of random
keys evicts the oldest) or in Valkey/Redis (shared by nodes) by the `limits` library. The refusal carries
Retry-After and the RateLimit fields (draft-ietf-httpapi-ratelimit-headers).
"""

import time
from typing import NamedTuple, Protocol

from linkxg.errors import RateLimitExceeded, TemporarilyUnavailable

MAX_KEYS = 50_000


class Budget(NamedTuple):
    """`amount` requests per `seconds`, counted under `name`."""

    name: str
    amount: int
    seconds: int


class Counter(Protocol):
    """Counts hits in fixed windows; both return (hits in this window, seconds until it ends)."""

    async def hit(self, budget: Budget, key: str) -> tuple[int, float]: ...

    async def peek(self, budget: Budget, key: str) -> tuple[int, float]: ...

    async def close(self) -> None: ...


class MemoryCounter:
    """Windows in one bounded dictionary per budget.

    Uses the monotonic clock: a clock jump neither frees nor locks anybody.
    """

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._budgets: dict[str, dict[str, list[float]]] = {}
        self._max_keys = max_keys

    async def hit(self, budget: Budget, key: str) -> tuple[int, float]:
        now = time.monotonic()
        windows = self._budgets.get(budget.name)
        if windows is None:
            windows = self._budgets[budget.name] = {}
        window = windows.get(key)
        if window is None or window[1] <= now:
            windows.pop(key, None)
            if len(windows) >= self._max_keys:
                del windows[next(iter(windows))]
            window = windows[key] = [0, now + budget.seconds]
        window[0] += 1
        return int(window[0]), window[1] - now

    async def peek(self, budget: Budget, key: str) -> tuple[int, float]:
        windows = self._budgets.get(budget.name)
        window = windows.get(key) if windows else None
        if window is None:
            return 0, 0.0
        now = time.monotonic()
        return (int(window[0]), window[1] - now) if window[1] > now else (0, 0.0)

    async def close(self) -> None:
        self._budgets.clear()


class SharedCounter:
    """Windows in Valkey or Redis, by `limits`; out of reach means 503, not unlimited."""

    def __init__(self, url: str) -> None:
        from limits.aio.storage import Storage
        from limits.storage import storage_from_string

        # One client library speaks to both servers.
        storage = storage_from_string("async+valkey://" + url.partition("://")[2])
        assert isinstance(storage, Storage)
        self._storage = storage
        known = storage.base_exceptions
        self._failures: tuple[type[Exception], ...] = (OSError, *(known if isinstance(known, tuple) else (known,)))

    async def hit(self, budget: Budget, key: str) -> tuple[int, float]:
        name = f"linkxg:{budget.name}:{key}"
        try:
            count = await self._storage.incr(name, budget.seconds)
            return count, max(0.0, await self._storage.get_expiry(name) - time.time())
        except self._failures as error:
            raise TemporarilyUnavailable(f"limits: {type(error).__name__}") from error

    async def peek(self, budget: Budget, key: str) -> tuple[int, float]:
        name = f"linkxg:{budget.name}:{key}"
        try:
            count = await self._storage.get(name)
            return count, max(0.0, await self._storage.get_expiry(name) - time.time()) if count else 0.0
        except self._failures as error:
            raise TemporarilyUnavailable(f"limits: {type(error).__name__}") from error

    async def close(self) -> None:
        return None


class Limits:
    """Budgets scaled by one factor over one counter."""

    def __init__(self, counter: Counter, scale: float = 1.0) -> None:
        self._hit = counter.hit
        self._peek = counter.peek
        self.close = counter.close
        self._scale = scale
        self._scaled: dict[str, int] = {}

    async def spend(self, budget: Budget, key: str) -> None:
        """Count one hit. Raises RateLimitExceeded once the window's budget is gone."""
        hits, left = await self._hit(budget, key)
        if hits > (self._scaled.get(budget.name) or self._allowed(budget)):
            raise refusal(budget, self._allowed(budget), left)

    async def require(self, budget: Budget, key: str) -> None:
        """Raises RateLimitExceeded if earlier hits have used the budget up; counts nothing."""
        hits, left = await self._peek(budget, key)
        if hits and hits >= self._allowed(budget):
            raise refusal(budget, self._allowed(budget), left)

    async def count(self, budget: Budget, key: str) -> None:
        """Count one hit and never refuse: for failures, whose consequence is the next `require`."""
        await self._hit(budget, key)

    def _allowed(self, budget: Budget) -> int:
        allowed = self._scaled[budget.name] = max(1, int(budget.amount * self._scale))
        return allowed


def refusal(budget: Budget, allowed: int, left: float) -> RateLimitExceeded:
    """429 whose Retry-After, when obeyed, works."""
    seconds = max(1, int(left) + 1)
    return RateLimitExceeded(
        reason=f"budget {budget.name}",
        retry_after=seconds,
        headers={
            "RateLimit-Policy": f'"{budget.name}";q={allowed};w={budget.seconds}',
            "RateLimit": f'"{budget.name}";r=0;t={seconds}',
        },
    )


def open_limits(url: str, scale: float) -> Limits:
    """Budgets counted at `memory://` or at a `valkey://` or `redis://` address."""
    counter: Counter = MemoryCounter() if url.startswith("memory:") else SharedCounter(url)
    return Limits(counter, scale)
