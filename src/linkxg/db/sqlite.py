"""The SQLite engine: one file, fast and durable.

Reads run inline on the event loop: a look-up costs less than handing it to a thread. Writes go to the group commit.
`PRAGMA data_version` says, without a query, whether any process has committed since it was last read.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import DBAPIError

from linkxg.clock import now_ms
from linkxg.db.compiled import driver
from linkxg.db.database import Database, P, ReadTooLong, T, Unit, UnsafeDatabase
from linkxg.db.group_commit import GroupCommit, abandon
from linkxg.db.invalidation_feed import LIVE, LIVE_MS, SINCE, InvalidationFeed
from linkxg.db.journals import require_own_journals
from linkxg.db.writer_lock import WriterLock
from linkxg.errors import TemporarilyUnavailable
from linkxg.runtime.files import is_read_only, make_private
from linkxg.runtime.timed_semaphore import TimedSemaphore

BUSY_MS = 4_000
EXCLUSIVE_WAIT_MS = 60_000
CACHED_KB = 4_096
"""Page cache of each connection: the inner pages of trees of a million rows. The system caches the leaves."""
BULK_CACHED_KB, BULK_CHECKPOINT_PAGES = 24_576, 4_000
"""Of a connection that writes thousands of rows in a transaction: each touches pages all over the indexes, which are
to be read once and, by several transactions, written to the file once."""
BOUNDED_READS = 2
BOUNDED_WAIT_S = 3.0
PROGRESS_STEPS = 20_000
"""Instructions of SQLite's machine between two looks at the clock: about a millisecond."""
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "glusterfs"}


class _HintingCompiler(SQLiteCompiler):
    """Writes the hints of a statement, such as `INDEXED BY`: young tables have no statistics to choose an index by."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


class SQLiteFeed(InvalidationFeed):
    """Reads the file's version once in every turn of the event loop that has a request to authorise.

    All requests of a turn were read off their sockets before the first one runs, so one read of the version is later
    than each of them: it sees whatever any process had committed before a request was sent.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self._connection: Connection | None = None
        self._version: tuple[int] | None = None
        self._fresh = False

    def open(self) -> None:
        # A connection of its own, never inside a transaction, where data_version does not change.
        self._connection = self._engine.connect()
        self._cursor = self._connection.connection.cursor()
        self._after_this_turn = asyncio.get_running_loop().call_soon
        version = self._cursor.execute("PRAGMA data_version").fetchone()
        self.apply_rows(self._connection.execute(LIVE, {"after": now_ms() - LIVE_MS}).all())
        self._version = version

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def lag(self) -> float:
        return 0.0

    def expire(self) -> None:
        """Read the version at the next check: something was committed here, or the turn is over."""
        self._fresh = False

    def check(self) -> None:
        if self._fresh:
            return
        try:
            version = self._cursor.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                assert self._connection is not None
                self.apply_rows(self._connection.execute(SINCE, {"seq": self.last_seq}).all())
        except (sqlite3.Error, DBAPIError) as error:
            raise TemporarilyUnavailable(f"invalidation feed: {type(error).__name__}") from error
        self._version = version
        self._fresh = True
        self._after_this_turn(self.expire)


class SQLiteDatabase(Database):
    dialect = "sqlite"
    feed: SQLiteFeed

    def __init__(self, path: Path, *, writes_bulk: bool = False) -> None:
        super().__init__()
        self._writes_bulk = writes_bulk
        self.file = self.path = path
        self._engine = create_engine(
            f"sqlite:///{path}", creator=self._connect, poolclass=NullPool, hide_parameters=True
        )
        self._engine.dialect.statement_compiler = _HintingCompiler
        self.feed = SQLiteFeed(self._engine)
        self._writer_lock = WriterLock(path, BUSY_MS / 1000)
        self._writer = GroupCommit(self._connect_writer, self._writer_lock, self.feed.expire)
        self._reader: Connection | None = None
        self._reader_thread = ThreadPoolExecutor(1, "sqlite-reader")
        self._bounded_threads = ThreadPoolExecutor(BOUNDED_READS, "sqlite-bounded")
        self._bounded_reads = TimedSemaphore(BOUNDED_READS, BOUNDED_WAIT_S, "bounded read")
        self._bounded_readers: list[Connection] = []
        self._thread_reader: Connection | None = None

    def _connect(self) -> sqlite3.Connection:
        try:
            make_private(self.path)
        except OSError as error:
            raise sqlite3.OperationalError(f"cannot create {self.path}: {error.strerror or error}") from error
        require_own_journals(self.path)
        connection = sqlite3.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_MS / 1000,
            cached_statements=512,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Otherwise REPLACE deletes rows without the triggers that protect published versions.
        connection.execute("PRAGMA recursive_triggers = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHED_KB}")
        if connection.execute("PRAGMA synchronous").fetchone() != (2,):
            raise UnsafeDatabase(f"{self.path}: SQLite did not accept synchronous=FULL")
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            raise UnsafeDatabase(f"{self.path}: SQLite did not accept write-ahead logging")
        return connection

    def _connect_writer(self) -> Connection:
        conn = self._engine.connect()
        if self._writes_bulk:
            driver(conn).execute(f"PRAGMA cache_size = -{BULK_CACHED_KB}")
            driver(conn).execute(f"PRAGMA wal_autocheckpoint = {BULK_CHECKPOINT_PAGES}")
        return conn

    def join_node(self) -> None:
        """Nothing to do: each worker reads the file's version before it authorises."""

    async def open(self) -> None:
        _refuse_network_file_system(self.path)
        self._open_reader()
        self.feed.open()
        self._writer.start()

    def _open_reader(self) -> Connection:
        # The driver is in autocommit, so each read begins its own snapshot.
        reader = self._engine.connect()
        self._snapshot = reader.connection.cursor()
        self._reader = reader
        return reader

    async def close(self) -> None:
        has_ended = await self._writer.stop()
        self._reader_thread.shutdown()
        self._bounded_threads.shutdown()
        for reader in (self._thread_reader, *self._bounded_readers):
            abandon(reader)
        self._thread_reader = None
        self._bounded_readers.clear()
        if has_ended:
            self._writer_lock.close()
        self.feed.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        started = time.perf_counter()
        try:
            reader = self._reader or self._open_reader()
            self._snapshot.execute("BEGIN")
            try:
                return unit(reader, *args, **kwargs)
            finally:
                self._snapshot.execute("COMMIT")
        except (sqlite3.Error, DBAPIError) as error:
            # Its state is unknown. The next read opens another one.
            abandon(self._reader)
            self._reader = None
            raise TemporarilyUnavailable(f"read: {error}") from error
        finally:
            self.on_wait("read", time.perf_counter() - started)

    # BEGIN and COMMIT cost no round trip here.
    read_single = read

    async def read_in_thread(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._reader_thread, lambda: self._read_in_thread(lambda conn: unit(conn, *args, **kwargs))
        )

    def _read_in_thread(self, unit: Callable[[Connection], T]) -> T:
        try:
            reader = self._thread_reader = self._thread_reader or self._engine.connect()
            reader.exec_driver_sql("BEGIN")
            try:
                return unit(reader)
            finally:
                reader.exec_driver_sql("COMMIT")
        except (sqlite3.Error, DBAPIError) as error:
            abandon(self._thread_reader)
            self._thread_reader = None
            raise TemporarilyUnavailable(f"read: {error}") from error

    async def read_bounded(self, unit: Unit[P, T], seconds: float, /, *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        async with self._bounded_reads.slot():
            return await loop.run_in_executor(
                self._bounded_threads, lambda: self._read_bounded(lambda conn: unit(conn, *args, **kwargs), seconds)
            )

    def _read_bounded(self, unit: Callable[[Connection], T], seconds: float) -> T:
        until = time.monotonic() + seconds
        reader = None
        try:
            # Idle ones, whose statements are prepared; appending and popping are atomic.
            reader = self._bounded_readers.pop() if self._bounded_readers else self._engine.connect()
            raw = driver(reader)
            raw.set_progress_handler(lambda: time.monotonic() > until, PROGRESS_STEPS)
            raw.execute("BEGIN")
            try:
                outcome = unit(reader)
            finally:
                raw.set_progress_handler(None, 0)
                raw.execute("COMMIT")
            self._bounded_readers.append(reader)
            return outcome
        except BaseException as error:
            abandon(reader)
            if not isinstance(error, sqlite3.Error | DBAPIError):
                raise
            if time.monotonic() > until:
                raise ReadTooLong from error
            raise TemporarilyUnavailable(f"read: {error}") from error

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        started = time.perf_counter()
        try:
            outcome: T = await self._writer.submit(unit, args, kwargs)
            return outcome
        finally:
            self.on_wait("write", time.perf_counter() - started)

    async def storage_fault(self) -> str | None:
        if is_read_only(self.path.parent):
            return f"the file system of {self.path} is mounted read-only: changes are refused"
        # Not free at all: with a little left the log of a database still grows within its own file.
        free = os.statvfs(self.path.parent).f_bavail
        return f"the file system of {self.path} is full: changes are refused" if free == 0 else None

    async def run_exclusive(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with closing(WriterLock(self.path, EXCLUSIVE_WAIT_MS / 1000)) as lock, lock, self._connect_writer() as conn:
            conn.exec_driver_sql(f"PRAGMA busy_timeout = {EXCLUSIVE_WAIT_MS}")
            conn.exec_driver_sql("BEGIN IMMEDIATE")
            outcome = unit(conn, *args, **kwargs)
            conn.exec_driver_sql("COMMIT")
            return outcome

    async def read_long(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._engine.connect() as conn:
            conn.exec_driver_sql("BEGIN")
            return unit(conn, *args, **kwargs)


def _refuse_network_file_system(path: Path) -> None:
    """SQLite's locks and shared memory do not hold over a network (sqlite.org/wal.html, point 2)."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return
    here = path.absolute()
    best, kind = Path("/"), ""
    for line in mounts.read_text().splitlines():
        point, file_system = (part.encode().decode("unicode_escape") for part in line.split()[1:3])
        if here.is_relative_to(point) and len(Path(point).parts) >= len(best.parts):
            best, kind = Path(point), file_system
    if kind in _NETWORK_FILE_SYSTEMS:
        raise UnsafeDatabase(f"{path} is on {kind}: keep the embedded database on a local disk, or use PostgreSQL.")
