"""Reads tables on either engine."""

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


def change_unheard(database: Database, sql: str) -> None:
    """Change rows behind the program's back: no worker hears of it by the change feed."""
    if isinstance(database, PostgresDatabase | ReplicatedDatabase):
        database.cluster.query(database.url, sql)
        return
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, isolation_level=None, timeout=10)) as connection:
        connection.execute(sql)


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
