"""Runs coroutines eagerly, and makes a task only when one has to wait.

A task costs more than many an answer. So a coroutine is begun here as a plain call, once the event loop has read all
its sockets. When it waits for a future, that future continues it; it becomes a task where it asks to (`ensure_task`).
"""

import asyncio
from collections.abc import Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any

Work = Coroutine[Any, Any, None]


async def ensure_task() -> None:
    """Go on in a task: what comes next uses `asyncio.timeout` or something else that belongs to one."""
    if asyncio.current_task() is None:
        await asyncio.sleep(0)


class EagerStarter:
    """Begins the coroutines of one turn of the event loop together."""

    def __init__(self) -> None:
        self._gathered: list[Work] = []

    def add(self, work: Work) -> None:
        """Begin `work` in this turn, after whatever else is read in it."""
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._begin)
        self._gathered.append(work)

    def _begin(self) -> None:
        begun, self._gathered = self._gathered, []
        for work in begun:
            _go_on(work)


def _go_on(work: Work, _: object = None) -> None:
    """Run `work` until it waits: for a future, which then calls this again, or for a task to go on in."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return
    except (Exception, asyncio.CancelledError) as fault:  # noqa: BLE001  the other requests of this turn go on
        # Cancelled is the future that it awaited: there is no task here that anybody could cancel.
        asyncio.get_running_loop().call_exception_handler({"message": "a request failed", "exception": fault})
        return
    if awaited is None:
        _tasks.add(task := asyncio.get_running_loop().create_task(_rest(work)))
        task.add_done_callback(_tasks.discard)
    else:
        # What a task does with a future that it is given.
        awaited._asyncio_future_blocking = False
        awaited.add_done_callback(partial(_go_on, work))


@coroutine
def _rest(work: Work) -> Generator[Any, Any, None]:
    yield from work


# The event loop keeps only weak references to them.
_tasks: set[asyncio.Task[None]] = set()
