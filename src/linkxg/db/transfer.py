"""How does a whole database move to another engine, step by step?

Each table in the order of its foreign keys, each row in the order of its primary key as the source sorts it, some at a
time, each step a transaction of its own. So what the target holds is always a beginning of the source, and a move that
was interrupted goes on after it. A table that marks the target as unfinished keeps services out until every row was
compared.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, insert, inspect, select, text, tuple_

from linkxg.db.copy import CHUNK, CopyError, delete_rows, is_empty, require_known_tables, set_sequences
from linkxg.db.migrations import UNFINISHED, current, head, upgrade
from linkxg.db.schema import metadata

Rows = list[dict[str, Any]]


def tables() -> Sequence[Table]:
    """All of them, each after those that it refers to."""
    return metadata.sorted_tables


def examine_source(conn: Connection) -> dict[str, int]:
    """Rows per table. Raises CopyError for a schema that is not this program's."""
    found = current(conn)
    if found != head():
        raise CopyError(
            f"the source has schema {found or 'none'}, this program {head()}: run linkxg migrate on it first"
        )
    require_known_tables(conn)
    return count_rows(conn)


def count_rows(conn: Connection) -> dict[str, int]:
    """Per table."""
    return {one.name: conn.execute(select(func.count()).select_from(one)).scalar_one() for one in tables()}


def begin(conn: Connection, *, restart: bool) -> dict[str, int]:
    """Mark the target as unfinished; how many rows of each table are there already.

    Raises CopyError for a target in use. With `restart` what an interrupted move has left is deleted first.
    """
    if inspect(conn).has_table(UNFINISHED):
        if current(conn) != head():
            raise CopyError("another version of this program has begun to copy: empty the target, then copy again")
        if restart:
            delete_rows(conn)
    else:
        upgrade(conn)
        if not is_empty(conn):
            raise CopyError("the target is not empty")
        conn.execute(text(f"create table {UNFINISHED} (id integer primary key)"))
    return count_rows(conn)


def end(conn: Connection) -> None:
    """Everything was compared: let services in."""
    set_sequences(conn)
    conn.execute(text(f"drop table {UNFINISHED}"))


def key_at(conn: Connection, one: Table, position: int) -> tuple[Any, ...] | None:
    """The primary key of the row before `position` in the source's order; None for the first."""
    if not position:
        return None
    query = select(*one.primary_key.columns).order_by(*one.primary_key.columns).offset(position - 1).limit(1)
    row = conn.execute(query).first()
    if row is None:
        raise CopyError(f"{one.name} has fewer rows than were copied: the source has changed; say --restart")
    return tuple(row)


def read_after(conn: Connection, one: Table, key: tuple[Any, ...] | None) -> Rows:
    """The next rows in the source's order, at most CHUNK."""
    columns = list(one.primary_key.columns)
    query = select(one).order_by(*columns).limit(CHUNK)
    if key is not None:
        query = query.where(tuple_(*columns) > tuple_(*key))
    return [_portable(one, row) for row in conn.execute(query).mappings()]


def write(conn: Connection, one: Table, rows: Rows) -> None:
    conn.execute(insert(one), rows)


def differing(conn: Connection, one: Table, rows: Rows) -> int:
    """How many of these rows the target does not have exactly so."""
    columns = list(one.primary_key.columns)
    query = select(one).where(tuple_(*columns).in_([key_of(one, row) for row in rows]))
    found = {key_of(one, row): _portable(one, row) for row in conn.execute(query).mappings()}
    return sum(found.get(key_of(one, row)) != row for row in rows)


def key_of(one: Table, row: Any) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in one.primary_key.columns)


def _portable(one: Table, row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _local(one.columns)}


def _local(columns: Iterable[Any]) -> set[str]:
    """Columns that mean something to their own server only."""
    return {column.name for column in columns if column.info.get("local")}
