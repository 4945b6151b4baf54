"""Group commit: many writers share one fsync.

One thread with one connection runs a group of units in a single transaction and commits once. While a group is written
the next one is queued; before it is dispatched, the event loop may add what has already arrived. So a lone writer does
not wait, and many writers pay for one commit.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from linkxg.errors import TemporarilyUnavailable

MAX_QUEUED = 1_024
MAX_GROUP = 128
DEADLINE_S = 8.0
"""How long a unit may wait for its commit."""


class _Queued(NamedTuple):
    unit: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    done: asyncio.Future[Any]
    asked_at: float


class _Raised(NamedTuple):
    """The outcome of a unit that was rolled back; an exception that a unit returns is an outcome like any other."""

    error: Exception


class GroupCommit:
    """The write side of one SQLite file in one process.

    `connect` opens its connection, in the thread; `writer_lock` is held while a group is written; `on_commit` is called
    on the loop before the outcomes are delivered.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        writer_lock: AbstractContextManager[None],
        on_commit: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._writer_lock = writer_lock
        self._on_commit = on_commit
        self._connection: Connection | None = None
        self._groups: queue.SimpleQueue[list[_Queued] | None] = queue.SimpleQueue()
        self._gathering: list[_Queued] = []
        self._in_flight: list[_Queued] = []
        self._is_dispatching = False
        self._drained: asyncio.Future[None] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> bool:
        """Accept no more units, write the accepted ones, and end the thread.

        False if the disk does not answer within DEADLINE_S: waiting callers get an error, and the thread is abandoned.
        """
        if self._thread is None:
            return True
        thread, self._thread = self._thread, None
        left_s = DEADLINE_S
        if self._gathering or self._in_flight:
            self._drained = self._loop.create_future()
            _, hung = await asyncio.wait([self._drained], timeout=DEADLINE_S)
            left_s = 0.0 if hung else DEADLINE_S
            self._overdue.cancel()
            self._refuse(time.monotonic())
            self._gathering = []
        self._groups.put(None)
        await asyncio.to_thread(thread.join, left_s)
        return not thread.is_alive()

    def submit(self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> asyncio.Future[Any]:
        """The future outcome of `unit(connection, …)`. Raises TemporarilyUnavailable if the queue is full."""
        if len(self._gathering) + len(self._in_flight) >= MAX_QUEUED or self._thread is None:
            raise TemporarilyUnavailable("write queue is full")
        done = self._loop.create_future()
        self._gathering.append(_Queued(unit, args, kwargs, done, time.monotonic()))
        if not self._in_flight and not self._is_dispatching:
            self._schedule_dispatch()
        return done

    def _schedule_dispatch(self) -> None:
        self._is_dispatching = True
        self._loop.call_soon(self._dispatch_when_quiet, len(self._gathering))

    def _dispatch_when_quiet(self, seen: int) -> None:
        """Dispatch the group once a turn of the loop has added nothing more."""
        if seen < len(self._gathering) < MAX_GROUP:
            self._loop.call_soon(self._dispatch_when_quiet, len(self._gathering))
            return
        self._is_dispatching = False
        self._in_flight, self._gathering = self._gathering[:MAX_GROUP], self._gathering[MAX_GROUP:]
        # The units may have waited for the previous group.
        left = self._in_flight[0].asked_at + DEADLINE_S - time.monotonic()
        self._overdue = self._loop.call_later(max(0.0, left), self._on_deadline)
        self._groups.put(self._in_flight)

    def _on_deadline(self) -> None:
        """The disk has not answered: fail the units that have waited too long; those in flight may still succeed."""
        self._refuse(time.monotonic() - DEADLINE_S)
        # Later units have a deadline too.
        self._overdue = self._loop.call_later(DEADLINE_S / 16, self._on_deadline)

    def _refuse(self, asked_by: float) -> None:
        for queued in (*self._in_flight, *self._gathering):
            if not queued.done.done() and queued.asked_at <= asked_by:
                queued.done.set_exception(TemporarilyUnavailable("write deadline passed"))

    def _finished(self, group: list[_Queued], outcomes: list[Any]) -> None:
        self._overdue.cancel()
        self._on_commit()
        self._in_flight = []
        if self._gathering:
            self._schedule_dispatch()
        elif self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        for queued, outcome in zip(group, outcomes, strict=True):
            if queued.done.done():
                continue
            if isinstance(outcome, _Raised):
                queued.done.set_exception(outcome.error)
            else:
                queued.done.set_result(outcome)

    def _run(self) -> None:
        while (group := self._groups.get()) is not None:
            try:
                self._connection = self._connection or self._connect()
                with self._writer_lock:
                    outcomes = _commit_all(self._connection, group)
            except Exception as error:  # noqa: BLE001  the thread must survive any fault of the storage
                abandon(self._connection)
                self._connection = None
                # Opening, beginning or committing failed, so nothing of the group was written.
                outcomes = [_Raised(_as_unavailable(error, sqlite3.Error))] * len(group)
            # The loop is closed if the process stopped without waiting for the disk.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._finished, group, outcomes)
        if self._connection is not None:
            self._connection.close()


def abandon(connection: Connection | None) -> None:
    """Discard a connection in an unknown state; closing it rolls back."""
    if connection is not None:
        connection.invalidate()
        connection.close()


def _commit_all(connection: Connection, group: list[_Queued]) -> list[Any]:
    """Outcomes in order. Units rarely raise, so savepoints are set only after one has: then all run again."""
    execute = connection.connection.cursor().execute
    execute("BEGIN IMMEDIATE")
    try:
        outcomes = [None if q.done.done() else q.unit(connection, *q.args, **q.kwargs) for q in group]
    except Exception:  # noqa: BLE001  it is raised again, to its caller
        execute("ROLLBACK")
        return _commit_each(connection, group)
    execute("COMMIT")
    connection.info.clear()
    return outcomes


def _commit_each(connection: Connection, group: list[_Queued]) -> list[Any]:
    """Outcomes in order; `_Raised` for a unit whose savepoint was rolled back."""
    execute = connection.connection.cursor().execute
    execute("BEGIN IMMEDIATE")
    outcomes: list[Any] = []
    for queued in group:
        if queued.done.done():
            outcomes.append(None)
            continue
        execute("SAVEPOINT unit")
        try:
            outcomes.append(queued.unit(connection, *queued.args, **queued.kwargs))
        except Exception as error:  # noqa: BLE001  handed to the caller that awaits it
            execute("ROLLBACK TO unit")
            outcomes.append(_Raised(_as_unavailable(error)))
        execute("RELEASE unit")
    execute("COMMIT")
    connection.info.clear()
    return outcomes


def _as_unavailable(error: Exception, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> Exception:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return TemporarilyUnavailable(f"write: {cause}") if isinstance(cause, kind) else error
