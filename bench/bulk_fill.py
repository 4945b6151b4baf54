"""Fills tables with millions of rows: their indexes are built once at the end, which is many times as fast."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Table, text


@contextmanager
def without_indexes(conn: Connection, tables: Sequence[Table]) -> Iterator[None]:
    """In one transaction; primary keys stay, so rows are best inserted in their order."""
    if conn.dialect.name == "sqlite":
        # Else each page of an index is written many times.
        conn.exec_driver_sql("PRAGMA cache_size = -400000")
    else:
        conn.execute(text("set local maintenance_work_mem = '256MB'"))
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda one: str(one.name))]
    for index in indexes:
        index.drop(conn)
    yield
    for index in indexes:
        index.create(conn)
    if conn.dialect.name != "sqlite":
        for table in tables:
            # Building an index sets the size that `refresh_statistics` compares, so it would see nothing to do.
            conn.execute(text(f"analyze {table.name}"))
