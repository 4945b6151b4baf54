"""Inserts thousands of rows that violate no constraint: on PostgreSQL by COPY.

The server reads a value from COPY's binary form in a fraction of the time in which it splits and casts a text, but
COPY knows no `on conflict`: whoever appends has looked up what is stored, behind a lock.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, text
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.exc import DBAPIError

from linkxg.db.bulk import insert_many


def append_rows(
    conn: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert `rows`, whose values are in the order of `columns`, with the `same` values in each.

    Raises what the engine raises for a row that it refuses.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        insert_many(conn, table, columns, rows, same=same)
        return
    same = same or {}
    fixed, names = tuple(same.values()), [*same, *columns]
    _copy(conn, table.name, names, [(*fixed, *row) for row in rows] if fixed else rows)


def _copy(conn: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    # Loaded only where PostgreSQL is used.
    import asyncpg

    adapted = cast("AdaptedConnection", conn.connection.dbapi_connection)
    if not adapted.driver_connection.is_in_transaction():
        # SQLAlchemy begins the transaction with the first statement of its own; before it, COPY would commit by itself.
        conn.execute(text("select 1"))
    try:
        adapted.run_async(lambda raw: raw.copy_records_to_table(table, records=rows, columns=columns))
    # As SQLAlchemy would raise them for a statement of its own, and take a lost connection out of the pool.
    except (asyncpg.PostgresConnectionError, asyncpg.InternalClientError) as error:
        raise _lost(conn, table, error) from error
    except asyncpg.PostgresError as error:
        raise DBAPIError(f"copy {table}", None, error, hide_parameters=True) from error
    except asyncpg.InterfaceError as error:
        # A value that the driver cannot send.
        if isinstance(error, ValueError):
            raise
        raise _lost(conn, table, error) from error


def _lost(conn: Connection, table: str, error: Exception) -> DBAPIError:
    conn.invalidate(error)
    return DBAPIError(f"copy {table}", None, error, hide_parameters=True, connection_invalidated=True)
