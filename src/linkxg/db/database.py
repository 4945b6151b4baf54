"""The database interface of verbs: `read`, `write` and `run_exclusive`.

Both take a synchronous function of a SQLAlchemy connection, a unit of work; the engine decides where it runs. A unit
returns its outcome, business errors included, so that what it has written is committed with it: an exception that it
returns is a result, one that it raises rolls the unit back.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, make_url

from linkxg.db.invalidation_feed import InvalidationFeed
from linkxg.runtime.background import BackgroundTask

P = ParamSpec("P")
T = TypeVar("T")
Unit = Callable[Concatenate[Connection, P], T]


class UnsafeDatabase(Exception):
    """The storage or the server is not durable, or not private; the message says why."""


class ReadTooLong(Exception):
    """A read took longer than its bound, and was ended."""


class Database(ABC):
    """One engine with bounded waits and its invalidation feed.

    `file` is that of an embedded database, None for a server. `tasks` run while it is open. `on_wait` is called with
    the seconds that each unit of work waited and ran.
    """

    dialect: Literal["sqlite", "postgresql"]
    file: Path | None = None
    tasks: Sequence[BackgroundTask] = ()

    def __init__(self) -> None:
        self.feed = InvalidationFeed()
        self.on_wait: Callable[[str, float], None] = lambda door, seconds: None

    @abstractmethod
    def join_node(self) -> None:
        """Confirm revocations to the node's other processes; a process that serves does so before it calls `open`."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, check the durability settings, and fill the invalidation feed."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was accepted and disconnect."""

    @abstractmethod
    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` on one snapshot. Raises TemporarilyUnavailable if the database does not answer in time."""

    @abstractmethod
    async def read_single(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, for a unit of one statement, which is a snapshot by itself."""

    @abstractmethod
    async def read_in_thread(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read_single`, for slow reads: they do not block the event loop, and run one at a time."""

    @abstractmethod
    async def read_bounded(self, unit: Unit[P, T], seconds: float, /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, for reads whose cost their callers choose: off the event loop, and only few at a time.

        Raises ReadTooLong for a statement that runs on after `seconds`.
        """

    @abstractmethod
    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` in a transaction and return its outcome once the commit is on stable storage.

        Raises TemporarilyUnavailable if the database is unavailable. Nothing was committed then, unless the database
        stopped answering during the commit, whose result is unknown.
        """

    async def execute_single(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `write`, for a unit of one statement, which is a transaction by itself."""
        return await self.write(unit, *args, **kwargs)

    async def storage_fault(self) -> str | None:
        """Why nothing can be written now, as far as that is known without writing; otherwise None."""
        return None

    @abstractmethod
    async def run_exclusive(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` alone in one transaction without time limits: migrations, restore.

        Works before `open` and never runs while requests are served from this process.
        """

    @abstractmethod
    async def read_long(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit`, which only reads, on one snapshot without time limits: backup, verification.

        Works before `open`; writers are not blocked.
        """


def open_database(url: str, data_dir: Path | None = None, *, writes_bulk: bool = False) -> Database:
    """The engine for a `sqlite:///PATH` or `postgresql://…` address (of one server or several); not yet connected.

    The processes of a node share a `data_dir`; one without it revokes nothing. `writes_bulk`: its transactions have
    thousands of rows.
    """
    if url.startswith("sqlite:"):
        from linkxg.db.sqlite import SQLiteDatabase

        return SQLiteDatabase(Path(make_url(url).database or "linkxg.db"), writes_bulk=writes_bulk)
    from linkxg.db.postgres import PostgresDatabase

    return PostgresDatabase(url, data_dir)
