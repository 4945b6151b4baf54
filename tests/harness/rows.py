"""Reads and changes tables on either engine, behind the program's back."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from harness.databases import Database, PostgresDatabase, SqliteDatabase
from harness.history import AuditRow
from harness.replication import ReplicatedDatabase


def rows(database: Database, sql: str) -> list[list[str]]:
    """The rows of one query, each value as text. On SQLite only while the server runs: it must be the last to close."""
    if isinstance(database, PostgresDatabase | ReplicatedDatabase):
        return database.cluster.query(database.url, sql)
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA query_only = 1")
        return [["" if value is None else str(value) for value in row] for row in connection.execute(sql)]


def execute(database: Database, sql: str) -> list[list[str]]:
    """Run one statement behind the program's back: the invalidation feed does not report it. Rows as text."""
    if isinstance(database, PostgresDatabase | ReplicatedDatabase):
        return database.cluster.query(database.url, sql)
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, timeout=30)) as connection, connection:
        return [[str(value) for value in row] for row in connection.execute(sql)]


def scalar(database: Database, sql: str) -> str:
    """The one value that a statement answers with."""
    return execute(database, sql)[0][0]


def count_rows(database: Database, table: str) -> int:
    """The number of rows of a table, which a condition may follow."""
    return int(scalar(database, f"select count(*) from {table}"))


def count(database: Database, sql: str) -> int:
    """The number that a query answers with."""
    return int(rows(database, sql)[0][0])


def trail(database: Database, account_id: str) -> list[AuditRow]:
    """The account's audit trail in its order."""
    columns = "action, request_id, coalesce(actor_id, ''), coalesce(target, '')"
    sql = f"SELECT {columns} FROM audit_events WHERE account_id = '{account_id}' ORDER BY seq"
    return [AuditRow(*row) for row in rows(database, sql)]


def wait_for_count(database: Database, sql: str, expected: int) -> None:
    """Usage and refusals are written every two seconds; wait until there are so many rows."""
    deadline = time.monotonic() + 20
    while (found := count(database, sql)) < expected:
        assert time.monotonic() < deadline, f"{found} instead of {expected}: {sql}"
        time.sleep(0.1)
