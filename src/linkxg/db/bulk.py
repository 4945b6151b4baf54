"""Bulk inserts and updates of a thousand rows.

SQLite: hundreds of rows are the parameters of one statement, in the driver. PostgreSQL: a column is one text that the
server splits, so that the network is crossed once; the driver's own arrays cost more than the server does.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Float,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
    text,
)

from linkxg.db.compiled import CompiledStatement, driver

ROWS_PER_STATEMENT = (250, 50, 1)
"""Rows of one statement on SQLite. Each call of the engine releases the interpreter lock and waits to get it back:
hundreds of rows per call are a quarter faster than one, and far faster beside a busy thread."""
# The sequence is looked up once, not for each number, and one row of all numbers is read faster than one of each.
_RESERVE = text(
    "select array_agg(nextval(owned.sequence)) from generate_series(1, :count), "
    "(select cast(pg_get_serial_sequence(:name, :column) as regclass) as sequence offset 0) as owned"
)
_HAS_DOUBLED = text(
    "select pg_relation_size(oid) / current_setting('block_size')::int > 2 * relpages + 8 "
    "from pg_class where oid = to_regclass(:name)"
)
# Separator and null; control characters, which no stored text contains.
_BETWEEN, _NONE = "\x1f", "\x1e"
_KINDS = ((String, "text"), (LargeBinary, "bytea"), (Float, "double precision"))
Rows = Sequence[tuple[Any, ...]]


def insert_many(
    conn: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Rows,
    *,
    same: Mapping[str, Any] | None = None,
    unless_taken: bool = False,
) -> int:
    """Insert `rows`, whose values are in the order of `columns`, with the `same` values in each; the number inserted.

    `unless_taken` skips rows that violate a unique constraint.
    """
    if not rows:
        return 0
    same = same or {}
    if conn.dialect.name == "sqlite":
        fixed, run, inserted, start = tuple(same.values()), driver(conn).execute, 0, 0
        for count in ROWS_PER_STATEMENT:
            sql = _inserting(table.name, tuple(same), tuple(columns), count, unless_taken)
            while start + count <= len(rows):
                part = rows[start : start + count]
                inserted += run(sql, (*fixed, *chain.from_iterable(part))).rowcount
                start += count
        return inserted
    sql = _inserting_columns(table, tuple(same), tuple(columns), unless_taken)
    return conn.execute(text(sql), {**_fixed(same), **_encode_columns(columns, rows)}).rowcount


def reserve_numbers(conn: Connection, table: Table, count: int) -> Sequence[int]:
    """Numbers for the generated key of `count` new rows, in rising order and never given before.

    On SQLite, whose one writer is the caller, they are used up by inserting them: insert before reserving more.
    """
    if conn.dialect.name == "sqlite":
        last = driver(conn).execute("select seq from sqlite_sequence where name = ?", (table.name,)).fetchone()
        first = last[0] + 1 if last else 1
        return range(first, first + count)
    key = table.autoincrement_column
    assert key is not None
    return sorted(conn.execute(_RESERVE, {"name": table.name, "column": key.name, "count": count}).scalar_one())


@lru_cache(maxsize=64)
def _inserting(table: str, same: Sequence[str], columns: Sequence[str], count: int, unless_taken: bool) -> str:
    """A value that is the same in every row is one numbered parameter."""
    fixed = "".join(f"?{number}, " for number in range(1, len(same) + 1))
    row = f"({fixed}{', '.join('?' * len(columns))})"
    names = ", ".join((*same, *columns))
    into = f"insert into {table} ({names}) values {', '.join([row] * count)}"  # noqa: S608  names of ours
    return f"{into} on conflict do nothing" if unless_taken else into


def update_many(conn: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], rows: Rows) -> None:
    """Set `columns` where `keys` match; a row holds the values of the columns, then those of the keys."""
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        sets, where = (join.join(f"{name} = ?" for name in names) for join, names in ((", ", columns), (" and ", keys)))
        driver(conn).executemany(f"update {table.name} set {sets} where {where}", rows)  # noqa: S608  names of ours
        return
    sets = ", ".join(f"{name} = {_value(table, name)}" for name in columns)
    where = " and ".join(f"{table.name}.{key} = given.{key}" for key in keys)
    names = (*columns, *keys)
    sql = f"update {table.name} set {sets} from {_rows_table(table, names)} where {where}"  # noqa: S608  names of ours
    conn.execute(text(sql), _encode_columns(names, rows))


def prepare_any(
    column: ColumnElement[Any], name: str, statement: Callable[[ColumnElement[bool]], Executable]
) -> CompiledStatement:
    """`statement` with the condition that `column` is one of the values of the parameter `name`, made by `listed`.

    One parameter for any number of values; both engines look them up in an index or hash.
    """
    return CompiledStatement(*map(statement, is_any(column, name)))


def is_any(column: ColumnElement[Any], name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition of `prepare_any` on SQLite and on PostgreSQL, for a statement that has several."""
    values = func.json_each(bindparam(name)).table_valued("value")
    split = func.unnest(func.string_to_array(bindparam(name, type_=Text), _BETWEEN))
    return column.in_(select(values.c.value)), column.in_(select(split))


def listed(conn: Connection, values: Sequence[str]) -> str:
    """The parameter of a statement of `prepare_any`; no value may be empty."""
    return msgspec.json.encode(values).decode() if conn.dialect.name == "sqlite" else _join(values)


def refresh_statistics(conn: Connection, table: Table) -> None:
    """Run ANALYZE on PostgreSQL if the table has doubled since the last time.

    Every index begins with the account, so with the statistics of an empty table they all look alike, and plans are
    cached. Autovacuum runs once a minute: in that time an import fills the table.
    """
    if conn.dialect.name == "sqlite":
        return
    if conn.execute(_HAS_DOUBLED, {"name": table.name}).scalar_one():
        conn.execute(text(f"analyze {table.name}"))


@lru_cache(maxsize=64)
def _inserting_columns(table: Table, same: Sequence[str], columns: Sequence[str], unless_taken: bool) -> str:
    names, given = ", ".join((*same, *columns)), _rows_table(table, columns)
    fixed = (f"cast(:_same_{name} as {_kind(table, name)})" for name in same)
    values = ", ".join((*fixed, *(_value(table, name) for name in columns)))
    into = f"insert into {table.name} ({names}) select {values} from {given}"  # noqa: S608  names of ours
    return f"{into} on conflict do nothing" if unless_taken else into


def _rows_table(table: Table, columns: Sequence[str]) -> str:
    """A table of the rows of `_encode_columns`; the first element is skipped, for an empty text has no element."""
    split = "(string_to_array(:_{name}, '{between}', '{none}'))[2:]::{kind}[]"
    arrays = (
        split.format(name=name, between=_BETWEEN, none=_NONE, kind=_kind(table, name).replace("bytea", "text"))
        for name in columns
    )
    return f"unnest({', '.join(arrays)}) as given ({', '.join(columns)})"


def _value(table: Table, name: str) -> str:
    return f"decode(given.{name}, 'hex')" if _kind(table, name) == "bytea" else f"given.{name}"


def _kind(table: Table, name: str) -> str:
    """Without a length: a cast would truncate what the column rejects."""
    kind = table.c[name].type
    return next((sql for of, sql in _KINDS if isinstance(kind, of)), "bigint")


def _fixed(same: Mapping[str, Any]) -> dict[str, Any]:
    return {f"_same_{name}": value for name, value in same.items()}


def _encode_columns(columns: Sequence[str], rows: Rows) -> dict[str, str]:
    values = zip(*rows, strict=True)
    return {f"_{name}": _join(("", *map(_encode, column))) for name, column in zip(columns, values, strict=True)}


def _encode(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _NONE if value is None else value.hex() if isinstance(value, bytes) else str(value)


def _join(values: Sequence[str]) -> str:
    joined = _BETWEEN.join(values)
    if joined.count(_BETWEEN) >= len(values):
        raise ValueError("a value has a control character")
    return joined
