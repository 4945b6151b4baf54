"""The health of the database as its engine reports it."""

import time
from typing import NamedTuple

from sqlalchemy import Connection, func, select, table, text

from linkxg.db.migrations import current

SESSIONS = table("pg_stat_activity")
OF_SERVICES = text(
    "datname = current_database() and (application_name = 'linkxg' or starts_with(application_name, 'linkxg/'))"
)
"""Sessions of running services, of all nodes, in this database."""
_DURABLE = ("synchronous_commit", "fsync", "full_page_writes")


class DatabaseHealth(NamedTuple):
    """`clock_ahead_s` is how far the server's clock is ahead of this machine's, None without a server.

    `unsafe` lists settings that are not durable; `size` is in bytes.
    """

    engine: str
    revision: str | None
    settings: dict[str, str]
    unsafe: list[str]
    clock_ahead_s: float | None
    size: int


def read_health(conn: Connection) -> DatabaseHealth:
    return _read_postgres_health(conn) if conn.dialect.name == "postgresql" else _read_sqlite_health(conn)


def services_connected(conn: Connection) -> int:
    """The number of connections of running services to a PostgreSQL database; always 0 on SQLite."""
    if conn.dialect.name != "postgresql":
        return 0
    query = select(func.count()).select_from(SESSIONS).where(OF_SERVICES, text("pid <> pg_backend_pid()"))
    return int(conn.execute(query).scalar_one())


def missing_standby(conn: Connection) -> str | None:
    """Why commits on PostgreSQL wait for ever, if a synchronous standby is missing.

    A role without `pg_read_all_stats` sees standbys but not their kind; they are taken for synchronous.
    """
    return _MISSING if conn.execute(_STANDBY_MISSING).scalar_one() else None


_MISSING = (
    "PostgreSQL waits for a synchronous standby (synchronous_standby_names) and none is connected: no commit "
    "completes. Start a standby, or empty synchronous_standby_names."
)
_STANDBY_MISSING = text(
    "select current_setting('synchronous_standby_names') <> '' "
    "and current_setting('synchronous_commit') not in ('off', 'local') and not exists "
    "(select from pg_stat_replication where sync_state is null or sync_state in ('sync', 'quorum'))"
)


def _read_sqlite_health(conn: Connection) -> DatabaseHealth:
    def pragma(name: str) -> str:
        return str(conn.exec_driver_sql(f"PRAGMA {name}").scalar())

    settings = {"journal_mode": pragma("journal_mode"), "synchronous": pragma("synchronous")}
    unsafe = [f"{name}={settings[name]}" for name, right in _SQLITE_RIGHT.items() if settings[name] != right]
    fault = pragma("quick_check(1)")
    if fault != "ok":
        unsafe.append(f"damaged: {fault}")
    version = conn.exec_driver_sql("select sqlite_version()").scalar_one()
    size = int(pragma("page_count")) * int(pragma("page_size"))
    return DatabaseHealth(f"SQLite {version}", current(conn), settings, unsafe, None, size)


_SQLITE_RIGHT = {"journal_mode": "wal", "synchronous": "2"}


def _read_postgres_health(conn: Connection) -> DatabaseHealth:
    before = time.time()
    theirs = float(conn.execute(text("select extract(epoch from clock_timestamp())")).scalar_one())
    ahead = theirs - (before + time.time()) / 2
    settings = {name: str(conn.execute(text(f"show {name}")).scalar_one()) for name in _DURABLE}
    unsafe = [f"{name}=off" for name in _DURABLE if settings[name] == "off"]
    if conn.execute(text("select pg_is_in_recovery()")).scalar_one():
        unsafe.append("it is a standby: connect to the primary")
    elif missing := missing_standby(conn):
        unsafe.append(missing)
    version = conn.execute(text("show server_version")).scalar_one()
    size = int(conn.execute(text("select pg_database_size(current_database())")).scalar_one())
    return DatabaseHealth(f"PostgreSQL {version}", current(conn), settings, unsafe, ahead, size)
