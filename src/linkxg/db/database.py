"""The database interface of verbs: `read`, `write` and `run_exclusive`.

Two doors, `read` and `write` (and `run_exclusive` for the command line). Both take a plain synchronous function of
a SQLAlchemy connection; the engine behind them decides where it runs. A unit of work returns an outcome and
never raises for a business reason, so that what it wrote before the bad news is committed with it. An exception that a
unit returns is such an outcome: the caller gets it as the result. One that it raises undoes the unit.
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
    """The storage or the server cannot keep the promises made for it; the message says why."""


class Database(ABC):
    """One engine, its bounded waits and its change feed.

    `file` is where an embedded database lies, None for a server. `tasks` run while it is open.
    `on_wait` hears the seconds that each unit of work waited and ran, for the metrics.
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
        """Connect, assert the durability settings, and fill the change feed."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was accepted and disconnect."""

    @abstractmethod
    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` on one snapshot. Raises TemporarilyUnavailable when the database cannot answer in time."""

    @abstractmethod
    async def read_single(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read`, for a unit of one single statement, which is a snapshot by itself."""

    @abstractmethod
    async def read_in_thread(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `read_single`, for what takes long: the event loop continues, and one such read runs at a time."""

    @abstractmethod
    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` in a transaction and return its outcome once the commit is on stable storage.

        Raises TemporarilyUnavailable for lack of the database. Nothing was committed then, unless the database fell
        silent during the commit itself: that one may have happened unheard.
        """

    async def execute_single(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `write`, for a unit of one single statement, which is a transaction by itself."""
        return await self.write(unit, *args, **kwargs)

    async def storage_fault(self) -> str | None:
        """Why no change can be stored now, as far as can be told without making one; None when nothing is known."""
        return None

    @abstractmethod
    async def run_exclusive(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit` alone in one transaction without time limits: migrations, restore.

        Works before `open` and never runs while requests are served from this process.
        """

    @abstractmethod
    async def read_long(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit`, which only reads, on one snapshot without time limits: backup, verification.

        Works before `open`; writers are not held up.
        """


def open_database(url: str, data_dir: Path | None = None) -> Database:
    """The engine for a `sqlite:///PATH` or `postgresql://…` address (of one server or several); not yet connected.

    The processes of a node share a `data_dir`; one that is given none revokes nothing.
    """
    if url.startswith("sqlite:"):
        from linkxg.db.sqlite import SQLiteDatabase

        return SQLiteDatabase(Path(make_url(url).database or "linkxg.db"))
    from linkxg.db.postgres import PostgresDatabase

    return PostgresDatabase(url, data_dir)
