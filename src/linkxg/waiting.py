"""How does a request that hardly ever waits do without a task?

A task costs more than many an answer. So a coroutine is begun here as a plain call, once the event loop has read all
its sockets, and becomes a task when it first has to wait. Time limits need a task beforehand: see `in_a_task`.
"""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

Work = Coroutine[Any, Any, None]


async def in_a_task() -> None:
    """Go on in a task: what comes next uses `asyncio.timeout` or something else that belongs to one."""
    if asyncio.current_task() is None:
        await asyncio.sleep(0)


class Beginnings:
    """Begins the coroutines of one turn of the event loop together."""

    def __init__(self) -> None:
        self._gathered: list[tuple[Work, set[asyncio.Task[None]]]] = []

    def add(self, work: Work, tasks: set[asyncio.Task[None]]) -> None:
        """Begin `work` in this turn, after whatever else is read in it; once it has to wait it is in `tasks`."""
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._begin)
        self._gathered.append((work, tasks))

    def _begin(self) -> None:
        begun, self._gathered = self._gathered, []
        loop = asyncio.get_running_loop()
        for work, tasks in begun:
            try:
                awaited = work.send(None)
            except StopIteration:
                continue
            except Exception as fault:  # noqa: BLE001  it is not the fault of those who come after it
                loop.call_exception_handler({"message": "a request failed", "exception": fault})
                continue
            task = loop.create_task(_go_on(work, awaited))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


@coroutine
def _go_on(work: Work, awaited: Any) -> Generator[Any, Any, None]:
    """The rest of `work`, which has been run up to its wait for `awaited`."""
    try:
        yield awaited
    except BaseException as fault:  # noqa: BLE001  a cancellation is for `work` to hear of
        try:
            awaited = work.throw(fault)
        except StopIteration:
            return
        yield awaited
    yield from work
