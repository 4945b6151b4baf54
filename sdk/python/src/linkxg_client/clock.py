"""Time, waiting and chance. Tests replace them."""

from __future__ import annotations

import asyncio
import random
import time

# Unlike CLOCK_MONOTONIC it counts while the machine sleeps; no one can set it. Not every system has it.
_BOOT = getattr(time, "CLOCK_BOOTTIME", None)


class Clock:
    """The clock of this machine. Lifetimes are counted on a clock that nobody can set, so skew does not matter."""

    def now(self) -> float:
        """Seconds since some moment; only differences mean anything."""
        return time.monotonic() if _BOOT is None else time.clock_gettime(_BOOT)

    def time(self) -> float:
        """Seconds since 1970, for times that several processes share."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def uniform(self, low: float, high: float) -> float:
        """A random number, so that many clients do not act at the same moment."""
        return random.uniform(low, high)  # noqa: S311 - no secret depends on it
