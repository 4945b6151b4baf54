"""The PostgreSQL engine, for several nodes.

asyncpg under SQLAlchemy; units run in `AsyncConnection.run_sync`. Every wait is bounded by the server (statement, lock
and idle timeouts) and by the pool. A listening connection wakes the invalidation feed; a poll backs it up. In addition
the workers of a node confirm revocations to each other.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from linkxg.clock import now_ms
from linkxg.db.address import read_address
from linkxg.db.database import Database, P, T, Unit, UnsafeDatabase
from linkxg.db.find_primary import PrimaryFinder
from linkxg.db.health import missing_standby
from linkxg.db.invalidation_feed import LIVE, LIVE_MS, Invalidation
from linkxg.db.node_barrier import NodeBarrier
from linkxg.db.pool import PoolGuard
from linkxg.db.schema import AnyRow
from linkxg.db.single_statement import allow_one_statement
from linkxg.db.stalled_transactions import StalledTransactions
from linkxg.db.standby_check import StandbyCheck
from linkxg.errors import TemporarilyUnavailable
from linkxg.runtime.background import BackgroundTask
from linkxg.runtime.eager_start import ensure_task
from linkxg.runtime.timed_semaphore import TimedSemaphore

CHANNEL = "linkxg_changes"
POOL = 8
READS = 5
POOL_WAIT = 3.0
ADMINISTRATOR_WAIT = 10.0
POLL = 1.0
READ_WAIT = 2.0
RECONNECT = 0.2
DEADLINE = 6.0
ATTEMPTS = 3
SERVER_BOUNDS = {
    "statement_timeout": "4000",
    "lock_timeout": "3000",
    # Well below the lock timeout: a caller who waits for the lock of a node that is cut off or frozen outlasts it.
    "idle_in_transaction_session_timeout": "1000",
    "default_transaction_isolation": "read committed",
    # It compiles statements whose cost is overestimated, for longer than any of them takes.
    "jit": "off",
}
# Deadlock and serialization failure.
_RETRYABLE = ("40P01", "40001")
_UNREACHABLE = (
    OSError,
    PoolTimeout,
    TimeoutError,
    InterfaceError,
    OperationalError,
    asyncpg.PostgresConnectionError,
)
# One snapshot has both: the rows since the last read, and the horizon, below which every transaction has ended.
# A late transaction is visible only now, yet older than rows already read: its id is at least the previous horizon.
_NEWS = text(
    "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon, changes.* "
    "from (select 1) as always left join changes on changes.txid >= :horizon order by changes.seq"
)
# Commits that need a standby, but do not wait until it has stored them.
_UNREPLICATED = text(
    "select current_setting('synchronous_standby_names') <> '' "
    "and current_setting('synchronous_commit') not in ('on', 'remote_apply')"
)
_HAS_WRITTEN = text("select pg_current_xact_id_if_assigned() is not null")
_HORIZON = text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


class PostgresDatabase(Database):
    dialect = "postgresql"

    def __init__(self, url: str, data_dir: Path | None = None) -> None:
        super().__init__()
        address = read_address(url)
        connect = {"async_creator_fn": PrimaryFinder(address.servers).connect, "passfile": address.passfile}
        if address.tls:
            connect["dsn"] = address.tls
        # Without the client-side command timeout of the other pool, which would interrupt a migration.
        self._admin_engine = create_async_engine(
            address.url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={
                "server_settings": address.settings | {"application_name": address.application_name("linkxg-admin")},
                "timeout": address.timeout(ADMINISTRATOR_WAIT),
                **connect,
            },
        )
        self._engine: AsyncEngine = create_async_engine(
            address.url,
            pool_size=POOL,
            max_overflow=0,
            pool_timeout=POOL_WAIT,
            hide_parameters=True,
            connect_args={
                "server_settings": {
                    **address.settings,
                    **SERVER_BOUNDS,
                    "application_name": address.application_name("linkxg"),
                },
                "timeout": address.timeout(POOL_WAIT),
                "command_timeout": 5.0,
                **connect,
            },
        )
        self._pool_guard = PoolGuard(self._engine)
        # One connection listens; the rest is left to writes, so that no sign-in or revocation waits for reads.
        self._reads = TimedSemaphore(READS, POOL_WAIT, "read")
        # The feed polls on one connection, and each poll must see everything committed by then.
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        # BEGIN and COMMIT are two more round trips, so a single statement does without.
        self._single = self._autocommit.execution_options()
        allow_one_statement(self._single)
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._standby = StandbyCheck(self._admin_engine)
        # Nodes give up a transaction at the deadline; whose node does not has stopped.
        self._stalled = StalledTransactions(older_than_s=DEADLINE + 1)
        self._wake = asyncio.Event()
        # Restarted at once after it has worked; otherwise after a pause.
        self._listener = BackgroundTask(
            "change-feed", self._listen, every_s=0.0, retry_s=RECONNECT, longest_retry_s=RECONNECT
        )
        self.tasks = (self._listener,)
        self._horizon = 0
        self._above_horizon: set[int] = set()
        self._barrier = NodeBarrier(data_dir, self.feed.apply) if data_dir is not None else None

    def join_node(self) -> None:
        if self._barrier is not None:
            self._barrier.listen()

    async def open(self) -> None:
        # A transaction would end with an error where the process pauses for longer than its idle timeout.
        async with self._autocommit.connect() as conn:
            for name, wrong in (("synchronous_commit", "off"), ("fsync", "off"), ("full_page_writes", "off")):
                value = (await conn.execute(text(f"show {name}"))).scalar_one()
                if value == wrong:
                    raise UnsafeDatabase(f"PostgreSQL runs with {name}={value}: an acknowledged write could be lost.")
            if (await conn.execute(_UNREPLICATED)).scalar_one():
                raise UnsafeDatabase(
                    "PostgreSQL has a synchronous standby but does not wait until it has stored a commit: an "
                    "acknowledged write could be lost. Set synchronous_commit to on."
                )
            await self._read_live(conn)
        self._listener.start()

    async def close(self) -> None:
        await self._listener.stop()
        if self._barrier is not None:
            self._barrier.close()
        await self._engine.dispose()

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        outcome: T = await self._run("read", self._snapshots.connect, lambda conn: unit(conn, *args, **kwargs))
        return outcome

    async def read_single(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        outcome: T = await self._run("read", self._single.connect, lambda conn: unit(conn, *args, **kwargs))
        return outcome

    read_in_thread = read_single

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def unit_and_changes(conn: Connection) -> tuple[T, list[Invalidation]]:
            conn.info.pop("changes", None)
            outcome = unit(conn, *args, **kwargs)
            found: list[Invalidation] = conn.info.pop("changes", [])
            if found:
                conn.execute(text(f"notify {CHANNEL}"))
            return outcome, found

        outcome: T
        outcome, found = await self._run("write", self._engine.begin, unit_and_changes)
        self.feed.apply(found)
        if found and self._barrier is not None:
            await self._barrier.confirm(found)
        return outcome

    async def execute_single(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        outcome: T = await self._run("write", self._single.connect, lambda conn: unit(conn, *args, **kwargs))
        return outcome

    async def _run(self, door: str, connect: Any, unit: Any) -> Any:
        started = time.perf_counter()
        await ensure_task()
        try:
            async with asyncio.timeout(DEADLINE):
                if door == "write":
                    return await self._attempt(connect, unit)
                async with self._reads.slot():
                    return await self._attempt(connect, unit)
        except _UNREACHABLE as error:
            missing = await self._standby.missing() if door == "write" and isinstance(error, TimeoutError) else None
            raise TemporarilyUnavailable(f"{door}: {missing or str(error) or type(error).__name__}") from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_transient(error):
                raise TemporarilyUnavailable(f"{door}: {error.orig}") from error
            raise
        finally:
            self.on_wait(door, time.perf_counter() - started)

    async def _attempt(self, connect: Any, unit: Any) -> Any:
        """Run again a transaction that the server has rolled back for a deadlock or a serialization failure."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._once(connect, unit)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _RETRYABLE:
                    raise
        return await self._once(connect, unit)

    async def _once(self, connect: Any, unit: Any) -> Any:
        try:
            async with connect() as conn:
                try:
                    return await conn.run_sync(unit)
                except (TimeoutError, asyncio.CancelledError):
                    await self._pool_guard.terminate(conn)
                    raise
        except (TimeoutError, asyncio.CancelledError):
            # Perhaps during the commit, whose result is unknown then.
            self._pool_guard.distrust()
            raise

    async def storage_fault(self) -> str | None:
        return await self.read_single(missing_standby)

    async def run_exclusive(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def unbounded(conn: Connection) -> T:
            _lift_bounds(conn)
            outcome = unit(conn, *args, **kwargs)
            # Nothing bounds this commit, so it would wait for ever.
            if conn.execute(_HAS_WRITTEN).scalar_one() and (missing := missing_standby(conn)):
                raise UnsafeDatabase(missing)
            return outcome

        async with self._admin_engine.begin() as conn:
            return await conn.run_sync(unbounded)

    async def read_long(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        def snapshot(conn: Connection) -> T:
            conn.execute(text("set transaction isolation level repeatable read, read only"))
            _lift_bounds(conn)
            return unit(conn, *args, **kwargs)

        async with self._admin_engine.connect() as conn:
            return await conn.run_sync(snapshot)

    async def _listen(self) -> None:
        """Read at each notification and once per POLL, until the connection fails; the feed then fails closed."""
        async with self._autocommit.connect() as conn:
            raw = (await conn.get_raw_connection()).driver_connection
            assert isinstance(raw, asyncpg.Connection)
            await raw.add_listener(CHANNEL, lambda *_: self._wake.set())
            # The next read notices a closed connection, without waiting for the poll.
            raw.add_termination_listener(lambda *_: self._wake.set())
            try:
                async with asyncio.timeout(READ_WAIT):
                    await self._read_live(conn)
                self._listener.recovered()
                while True:
                    self._wake.clear()
                    async with asyncio.timeout(READ_WAIT):
                        await self._read_new(conn)
                        await self._stalled.end(conn)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(POLL):
                            await self._wake.wait()
            except TimeoutError:
                self._pool_guard.distrust()
                raise
            finally:
                await self._pool_guard.terminate(conn)
                await conn.invalidate()

    async def _read_live(self, conn: AsyncConnection) -> None:
        """All live rows: a server that has taken over may have lost the latest ids, and will reuse them."""
        asked_at = time.monotonic()
        horizon = (await conn.execute(_HORIZON)).scalar_one()
        rows = (await conn.execute(LIVE, {"after": now_ms() - LIVE_MS})).all()
        self._apply(asked_at, horizon, rows)

    async def _read_new(self, conn: AsyncConnection) -> None:
        asked_at = time.monotonic()
        found = (await conn.execute(_NEWS, {"horizon": self._horizon})).all()
        horizon, rows = found[0].horizon, [row for row in found if row.seq is not None]
        # A long transaction holds the horizon back: rows above it are not applied twice.
        fresh = [row for row in rows if row.seq not in self._above_horizon]
        self._apply(asked_at, horizon, fresh)
        self._above_horizon = {row.seq for row in rows if row.txid is not None and row.txid >= horizon}

    def _apply(self, asked_at: float, horizon: int, rows: Sequence[AnyRow]) -> None:
        self.feed.apply_rows(rows)
        self._horizon, self._above_horizon = horizon, set()
        self.feed.heard(asked_at)


def _lift_bounds(conn: Connection) -> None:
    """Override timeouts of the role or database for administration."""
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        conn.execute(text(f"set local {name} = 0"))


def _is_transient(error: DBAPIError) -> bool:
    """Server-side limits, shutdown, lost primary, deadlock: the same request may succeed later (SQLSTATE classes)."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in {"08", "40", "53", "57", "58"} or state in {"55P03", "25006", "25P03"}
