"""Moves a whole database to another engine in resumable steps.

Each table in the order of its foreign keys, each row in the order of its primary key as the source sorts it, some at a
time, each step a transaction of its own. So what the target holds is always a beginning of the source, and a move that
was interrupted goes on after it. A table that marks the target as unfinished keeps services out until every row was
compared.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Table, bindparam, func, insert, inspect, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY

from linkxg.db.compiled import driver
from linkxg.db.copy import CopyError, delete_rows, is_empty, require_known_tables, set_sequences
from linkxg.db.migrations import UNFINISHED, current, head, upgrade
from linkxg.db.schema import metadata

STEP = 5_000
"""Rows held at once, unless the table says `rows_at_once` because its rows are large: each step is a connection and a
commit."""
_KEYS = 500
Rows = list[tuple[Any, ...]]


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
            raise CopyError("another version of this program has started to copy: empty the target, then copy again")
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
        raise CopyError(f"{one.name} has fewer rows than were copied: the source has changed; use --restart")
    return tuple(row)


def read_after(conn: Connection, one: Table, key: tuple[Any, ...] | None) -> Rows:
    """The next rows in the source's order, as many as are held at once; the values of `columns_of`."""
    keys = list(one.primary_key.columns)
    query = select(*columns_of(one)).order_by(*keys).limit(one.info.get("rows_at_once", STEP))
    if key is not None:
        query = query.where(tuple_(*keys) > tuple_(*key))
    return [tuple(row) for row in conn.execute(query)]


def write(conn: Connection, one: Table, rows: Rows) -> None:
    names = [column.name for column in columns_of(one)]
    conn.execute(insert(one), [dict(zip(names, row, strict=True)) for row in rows])


def differing(conn: Connection, one: Table, rows: Rows) -> int:
    """How many of these rows the target does not have exactly so."""
    keys = [key_of(one, row) for row in rows]
    find = _find_sqlite if conn.dialect.name == "sqlite" else _find_postgres
    found = {key_of(one, row): row for row in find(conn, one, keys)}
    return sum(found.get(key) != row for key, row in zip(keys, rows, strict=True))


def columns_of(one: Table) -> list[Column[Any]]:
    """All but those that mean something to their own server only; the primary key first."""
    key = list(one.primary_key.columns)
    return [*key, *(column for column in one.columns if not column.primary_key and not column.info.get("local"))]


def key_of(one: Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[: len(one.primary_key.columns)]


def _find_postgres(conn: Connection, one: Table, keys: Rows) -> Rows:
    """By one array for each column of the key: a condition with thousands of values takes longer to write and parse."""
    columns = list(one.primary_key.columns)
    arrays = [
        bindparam(f"key_{column.name}", list(values), type_=ARRAY(column.type))
        for column, values in zip(columns, zip(*keys, strict=True), strict=True)
    ]
    wanted = func.unnest(*arrays).table_valued(*(column.name for column in columns)).render_derived()
    query = select(*columns_of(one)).where(tuple_(*columns).in_(select(*wanted.columns)))
    return [tuple(row) for row in conn.execute(query)]


def _find_sqlite(conn: Connection, one: Table, keys: Rows) -> Rows:
    """Through the driver, whose values are those of the columns: texts, numbers, bytes; True equals 1."""
    names, quote = [column.name for column in one.primary_key.columns], conn.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in columns_of(one))
    key = ", ".join(map(quote, names))
    # As `is_one_of` does: anything else would read the whole table for each part.
    types = [column.type.compile(conn.dialect) for column in one.primary_key.columns]
    given = ", ".join(f"cast(column{number} as {name})" for number, name in enumerate(types, 1))
    sql = f"select {columns} from {one.name} where ({key}) in (select {given} from (values {{}}))"  # noqa: S608  ours
    row = f"({', '.join('?' * len(names))})"
    found: Rows = []
    for start in range(0, len(keys), _KEYS):
        part = keys[start : start + _KEYS]
        found += driver(conn).execute(sql.format(", ".join([row] * len(part))), [*chain.from_iterable(part)])
    return found
