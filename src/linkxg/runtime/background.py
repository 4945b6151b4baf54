"""The background task of a worker: repeats its work until it is stopped, and survives every fault of that work.

A fault is logged and the work is done again after a pause, which doubles with each fault in a row. `GET /readyz` lists
the tasks that are failing, and a metric counts them.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import structlog
from structlog.typing import FilteringBoundLogger

from linkxg.errors import PublicError
from linkxg.runtime.frames import frames_of

RETRY_S, LONGEST_RETRY_S = 0.5, 8.0
LOG_AGAIN_S = 60.0
"""How often a fault that persists is logged."""

_log: FilteringBoundLogger = structlog.get_logger("linkxg")


class BackgroundTask:
    """Calls `work` at once, then `every_s` seconds after each call, or only when woken if that is None.

    After a fault the next call begins `retry_s` after the failed one began, doubled with each further fault up to
    `longest_retry_s`. `fault` is the present one.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        every_s: float | None,
        retry_s: float = RETRY_S,
        longest_retry_s: float = LONGEST_RETRY_S,
    ) -> None:
        self.name = name
        self.fault: str | None = None
        self.stopping = asyncio.Event()
        self._work = work
        self._every_s, self._retry_s, self._longest_retry_s = every_s, retry_s, longest_retry_s
        self._faults = 0
        self._logged_at = float("-inf")
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self.name)

    def wake(self) -> None:
        """Call `work` now, or again when the present call has ended."""
        self._woken.set()

    async def stop(self, grace_s: float = 0.0) -> None:
        """End the task; a call of `work` in progress gets `grace_s` to finish before it is cancelled. Never raises."""
        self.stopping.set()
        self._woken.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=grace_s)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def pause(self, seconds: float) -> None:
        """Wait inside `work`; ends early when the task is being stopped."""
        await _set_within(self.stopping, seconds)

    def recovered(self) -> None:
        """Report success before `work` returns, for work that takes long."""
        if self.fault is not None:
            _log.info("background.recovered", task=self.name)
        self.fault, self._faults = None, 0

    async def _run(self) -> None:
        while not self.stopping.is_set():
            self._woken.clear()
            began = time.monotonic()
            try:
                await self._work()
            except (Exception, asyncio.CancelledError) as fault:
                # A cancelled future raises the same exception as a cancelled task.
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise
                pause: float | None = max(0.0, began + self._record(fault) - time.monotonic())
            else:
                self.recovered()
                pause = self._every_s
            await _set_within(self._woken, pause)

    def _record(self, fault: BaseException) -> float:
        """Log the fault, unless it persists; the seconds to back off."""
        known = self.fault
        self.fault = (fault.reason if isinstance(fault, PublicError) else None) or type(fault).__name__
        pause: float = min(self._retry_s * 2**self._faults, self._longest_retry_s)
        # Bounds the power.
        self._faults += pause < self._longest_retry_s
        now = time.monotonic()
        if self.fault != known or now - self._logged_at >= LOG_AGAIN_S:
            self._logged_at = now
            report = _log.warning if isinstance(fault, PublicError) else _log.error
            report("background.failed", task=self.name, reason=self.fault, frames=frames_of(fault))
        return pause


async def _set_within(event: asyncio.Event, seconds: float | None) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
