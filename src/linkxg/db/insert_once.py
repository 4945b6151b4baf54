"""Inserts a row unless there is one with its key: of concurrent inserts, one succeeds."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert_once(
    conn: Connection, table: Table, values: Mapping[str, Any], *, unique: Sequence[str] | None = None
) -> bool:
    """False if the row conflicts: with any unique index of the table, or with that of the columns `unique` only."""
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    statement = insert(table).values(dict(values)).on_conflict_do_nothing(index_elements=unique)
    return conn.execute(statement).rowcount == 1
