"""Runs coroutines eagerly, and makes a task only when one has to wait.

A task can cost more than the answer. So a coroutine is started as a plain call, once the event loop has read all its
sockets. When it waits for a future, that future resumes it; `ensure_task` turns it into a task.
"""

import asyncio
from collections.abc import Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any

Work = Coroutine[Any, Any, None]


async def ensure_task() -> None:
    """Continue in a task, for `asyncio.timeout` and whatever else needs one."""
    if asyncio.current_task() is None:
        await asyncio.sleep(0)


class EagerStarter:
    """Starts the coroutines of one turn of the event loop together."""

    def __init__(self) -> None:
        self._pending: list[Work] = []

    def add(self, work: Work) -> None:
        """Start `work` in this turn, after everything that is read in it."""
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._start)
        self._pending.append(work)

    def _start(self) -> None:
        started, self._pending = self._pending, []
        for work in started:
            _resume(work)


def _resume(work: Work, _: object = None) -> None:
    """Run `work` until it waits for a future, which calls this again, or for `ensure_task`."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return
    except (Exception, asyncio.CancelledError) as fault:  # noqa: BLE001  the other requests of this turn continue
        # CancelledError: the awaited future was cancelled, for there is no task here.
        asyncio.get_running_loop().call_exception_handler({"message": "a request failed", "exception": fault})
        return
    if awaited is None:
        _tasks.add(task := asyncio.get_running_loop().create_task(_rest(work)))
        task.add_done_callback(_tasks.discard)
    else:
        # As a task does with the future that it awaits.
        awaited._asyncio_future_blocking = False
        awaited.add_done_callback(partial(_resume, work))


@coroutine
def _rest(work: Work) -> Generator[Any, Any, None]:
    yield from work


# The event loop keeps only weak references to them.
_tasks: set[asyncio.Task[None]] = set()
