"""Group commit: many writers share one fsync.

One thread with one connection runs a group of units in a single transaction and commits once.
While a group is being written the next one gathers; before it leaves, the event loop is given the chance to
bring in what is already at the door. So a lone writer waits for nobody and a crowd pays for one commit.
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

QUEUED_UNITS = 1_024
GROUP = 128
DEADLINE = 8.0


class _Queued(NamedTuple):
    unit: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    done: asyncio.Future[Any]
    asked_at: float


class _Raised(NamedTuple):
    """The outcome of a unit that was undone; an exception that a unit returns is an outcome like any other."""

    error: Exception


class GroupCommit:
    """The write side of one SQLite file in one process.

    `connect` opens its connection, in the thread; `turn` is held while a group is written; `on_commit` is called on the
    loop before anybody hears of a commit.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        turn: AbstractContextManager[None],
        on_commit: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._turn = turn
        self._on_commit = on_commit
        self._connection: Connection | None = None
        self._groups: queue.SimpleQueue[list[_Queued] | None] = queue.SimpleQueue()
        self._gathering: list[_Queued] = []
        self._flying: list[_Queued] = []
        self._settling = False
        self._drained: asyncio.Future[None] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> bool:
        """Accept nothing more, write what was accepted, and end the thread.

        False if the disk does not answer within DEADLINE: whoever waits hears so, and the thread is left to itself.
        """
        if self._thread is None:
            return True
        thread, self._thread = self._thread, None
        left_s = DEADLINE
        if self._gathering or self._flying:
            self._drained = self._loop.create_future()
            _, hung = await asyncio.wait([self._drained], timeout=DEADLINE)
            left_s = 0.0 if hung else DEADLINE
            self._overdue.cancel()
            self._refuse(time.monotonic())
            self._gathering = []
        self._groups.put(None)
        await asyncio.to_thread(thread.join, left_s)
        return not thread.is_alive()

    def submit(self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> asyncio.Future[Any]:
        """The future outcome of `unit(connection, …)`. Raises TemporarilyUnavailable when too many wait."""
        if len(self._gathering) + len(self._flying) >= QUEUED_UNITS or self._thread is None:
            raise TemporarilyUnavailable("write queue is full")
        done = self._loop.create_future()
        self._gathering.append(_Queued(unit, args, kwargs, done, time.monotonic()))
        if not self._flying and not self._settling:
            self._settle_later()
        return done

    def _settle_later(self) -> None:
        self._settling = True
        self._loop.call_soon(self._settle, len(self._gathering))

    def _settle(self, seen: int) -> None:
        """Leave once a turn of the loop has brought in nothing more."""
        if seen < len(self._gathering) < GROUP:
            self._loop.call_soon(self._settle, len(self._gathering))
            return
        self._settling = False
        self._flying, self._gathering = self._gathering[:GROUP], self._gathering[GROUP:]
        # They may have waited for the group before.
        left = self._flying[0].asked_at + DEADLINE - time.monotonic()
        self._overdue = self._loop.call_later(max(0.0, left), self._on_deadline)
        self._groups.put(self._flying)

    def _on_deadline(self) -> None:
        """The disk has not answered: who has waited long hears so; what is being written may still succeed unheard."""
        self._refuse(time.monotonic() - DEADLINE)
        # Those who come while it still does not answer have a deadline too.
        self._overdue = self._loop.call_later(DEADLINE / 16, self._on_deadline)

    def _refuse(self, asked_by: float) -> None:
        for queued in (*self._flying, *self._gathering):
            if not queued.done.done() and queued.asked_at <= asked_by:
                queued.done.set_exception(TemporarilyUnavailable("write deadline passed"))

    def _finished(self, group: list[_Queued], outcomes: list[Any]) -> None:
        self._overdue.cancel()
        self._on_commit()
        self._flying = []
        if self._gathering:
            self._settle_later()
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
                with self._turn:
                    outcomes = _commit_all(self._connection, group)
            except Exception as error:  # noqa: BLE001  the thread must outlive any fault of the storage
                abandon(self._connection)
                self._connection = None
                # Not a unit's doing: opening, beginning or committing failed, so nothing of the group was written.
                outcomes = [_Raised(_as_unavailable(error, sqlite3.Error))] * len(group)
            # The loop is closed already if the process did not wait for the disk when it stopped.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._finished, group, outcomes)
        if self._connection is not None:
            self._connection.close()


def abandon(connection: Connection | None) -> None:
    """Drop a connection in an unknown state; closing it rolls back."""
    if connection is not None:
        connection.invalidate()
        connection.close()


def _commit_all(connection: Connection, group: list[_Queued]) -> list[Any]:
    """Outcomes in order. A unit hardly ever raises, so savepoints are set only when one has: then all run again."""
    execute = connection.connection.cursor().execute
    execute("BEGIN IMMEDIATE")
    try:
        outcomes = [None if q.done.done() else q.unit(connection, *q.args, **q.kwargs) for q in group]
    except Exception:  # noqa: BLE001  whatever it was, it will be raised again, to its caller
        execute("ROLLBACK")
        return _commit_each(connection, group)
    execute("COMMIT")
    connection.info.clear()
    return outcomes


def _commit_each(connection: Connection, group: list[_Queued]) -> list[Any]:
    """Outcomes in order; `_Raised` stands for a unit whose savepoint was undone."""
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
