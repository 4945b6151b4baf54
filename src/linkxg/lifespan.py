"""Startup and shutdown of a worker's services, inside the event loop that serves requests."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType

from linkxg import __version__
from linkxg.db import Database
from linkxg.db.errors import reason_of
from linkxg.db.migrations import require_schema
from linkxg.http.logs import log
from linkxg.runtime import garbage
from linkxg.runtime.background import BackgroundTask
from linkxg.runtime.frames import frames_of


@asynccontextmanager
async def running(
    database: Database,
    tasks: Iterable[BackgroundTask],
    stops: Iterable[Callable[[], Awaitable[None]]],
    public_url: str,
    on_start_failed: Callable[[str], None],
) -> AsyncIterator[None]:
    """Opens the database and starts `tasks`; then calls `stops` in reverse order, each even if another fails.

    `on_start_failed` takes the reason if the worker cannot start.
    """
    try:
        # Before the feed is filled: what is committed in between is sent here.
        database.join_node()
        await database.open()
        await database.read(require_schema)
    except Exception as fault:
        reason = reason_of(fault)
        log.error("start.failed", pid=os.getpid(), reason=reason)
        on_start_failed(reason)
        raise
    async with AsyncExitStack() as services:
        services.push(_log_stopped)
        services.push_async_callback(database.close)
        for stop in stops:
            services.push_async_callback(stop)
        for task in tasks:
            task.start()
        garbage.freeze()
        log.info("started", url=public_url, pid=os.getpid(), engine=database.dialect, version=__version__)
        yield


def _log_stopped(_: type[BaseException] | None, fault: BaseException | None, __: TracebackType | None) -> bool:
    """The last line of a worker. A fault in stopping a service is logged, and ends here: everything else is closed."""
    if fault is not None:
        log.error("stop.failed", fault=type(fault).__name__, frames=frames_of(fault))
    log.info("stopped", pid=os.getpid())
    return isinstance(fault, Exception)
