"""Reads and tampers with rows behind the program's back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from harness.databases import PostgresDatabase, SqliteDatabase
from harness.server import Server


def execute(server: Server, sql: str) -> list[list[str]]:
    """Run one statement on either engine; rows as texts."""
    database = server.database
    if isinstance(database, PostgresDatabase):
        return database.cluster.query(database.url, sql)
    assert isinstance(database, SqliteDatabase)
    with closing(sqlite3.connect(database.path, timeout=30)) as connection, connection:
        return [[str(cell) for cell in row] for row in connection.execute(sql)]


def scalar(server: Server, sql: str) -> Any:
    return execute(server, sql)[0][0]


def count(server: Server, table: str) -> int:
    return int(scalar(server, f"select count(*) from {table}"))
