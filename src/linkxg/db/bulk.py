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

AT_ONCE = (250, 50, 1)
"""Rows of one statement on SQLite, as many as there are. A step into the engine lets other threads run and then waits
for its turn: hundreds of rows a step are a quarter faster than one, and far faster beside a thread at work."""
_HAS_DOUBLED = text(
    "select pg_relation_size(oid) / current_setting('block_size')::int > 2 * relpages + 8 "
    "from pg_class where oid = to_regclass(:name)"
)
# Characters that nothing that is stored may have: between two values, and for none.
_BETWEEN, _NONE = "\x1f", "\x1e"
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
    """Insert `rows`, whose values stand in the order of `columns`, and the `same` values in each of them.

    `unless_taken` leaves out rows of which something unique is taken. How many were inserted.
    """
    if not rows:
        return 0
    same = same or {}
    if conn.dialect.name == "sqlite":
        fixed, run, inserted, start = tuple(same.values()), driver(conn).execute, 0, 0
        for at_once in AT_ONCE:
            sql = _inserting(table.name, tuple(same), tuple(columns), at_once, unless_taken)
            while start + at_once <= len(rows):
                part = rows[start : start + at_once]
                inserted += run(sql, (*fixed, *chain.from_iterable(part))).rowcount
                start += at_once
        return inserted
    sql = _inserting_columns(table, tuple(same), tuple(columns), unless_taken)
    return conn.execute(text(sql), {**_fixed(same), **_joined(columns, rows)}).rowcount


@lru_cache(maxsize=64)
def _inserting(table: str, same: Sequence[str], columns: Sequence[str], count: int, unless_taken: bool) -> str:
    """A value that is the same in every row is told once, by its number."""
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
    sql = f"update {table.name} set {sets} from {_given(table, names)} where {where}"  # noqa: S608  names of ours
    conn.execute(text(sql), _joined(names, rows))


def prepare_any(
    column: ColumnElement[Any], name: str, statement: Callable[[ColumnElement[bool]], Executable]
) -> CompiledStatement:
    """`statement` with the condition that `column` is one of the values that `listed` makes the parameter `name` of.

    One parameter for any number of values, which both engines look up one by one in an index or hash.
    """
    values = func.json_each(bindparam(name)).table_valued("value")
    split = func.unnest(func.string_to_array(bindparam(name, type_=Text), _BETWEEN))
    return CompiledStatement(statement(column.in_(select(values.c.value))), statement(column.in_(select(split))))


def listed(conn: Connection, values: Sequence[str]) -> str:
    """The parameter of what `prepare_any` made; none of the values is empty."""
    return msgspec.json.encode(values).decode() if conn.dialect.name == "sqlite" else _join(values)


def refresh_statistics(conn: Connection, table: Table) -> None:
    """Let PostgreSQL look at a table that has at least doubled since it last did.

    Every index begins with the account, so with the statistics of an empty table any of them looks as good as the right
    one, and plans are kept. Autovacuum comes once a minute: in that time an import fills the table.
    """
    if conn.dialect.name == "sqlite":
        return
    if conn.execute(_HAS_DOUBLED, {"name": table.name}).scalar_one():
        conn.execute(text(f"analyze {table.name}"))


@lru_cache(maxsize=64)
def _inserting_columns(table: Table, same: Sequence[str], columns: Sequence[str], unless_taken: bool) -> str:
    names, given = ", ".join((*same, *columns)), _given(table, columns)
    fixed = (f"cast(:_same_{name} as {_kind(table, name)})" for name in same)
    values = ", ".join((*fixed, *(_value(table, name) for name in columns)))
    into = f"insert into {table.name} ({names}) select {values} from {given}"  # noqa: S608  names of ours
    return f"{into} on conflict do nothing" if unless_taken else into


def _given(table: Table, columns: Sequence[str]) -> str:
    """A table of the rows that `_joined` tells; the first elements are none of theirs, since an empty text has none."""
    split = "(string_to_array(:_{name}, '{between}', '{none}'))[2:]::{kind}[]"
    arrays = (
        split.format(name=name, between=_BETWEEN, none=_NONE, kind=_kind(table, name).replace("bytea", "text"))
        for name in columns
    )
    return f"unnest({', '.join(arrays)}) as given ({', '.join(columns)})"


def _value(table: Table, name: str) -> str:
    return f"decode(given.{name}, 'hex')" if _kind(table, name) == "bytea" else f"given.{name}"


def _kind(table: Table, name: str) -> str:
    """Without a length: a cast would cut off what the column refuses."""
    kind = table.c[name].type
    return "text" if isinstance(kind, String) else "bytea" if isinstance(kind, LargeBinary) else "bigint"


def _fixed(same: Mapping[str, Any]) -> dict[str, Any]:
    return {f"_same_{name}": value for name, value in same.items()}


def _joined(columns: Sequence[str], rows: Rows) -> dict[str, str]:
    values = zip(*rows, strict=True)
    return {f"_{name}": _join(("", *map(_told, column))) for name, column in zip(columns, values, strict=True)}


def _told(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _NONE if value is None else value.hex() if isinstance(value, bytes) else str(value)


def _join(values: Sequence[str]) -> str:
    joined = _BETWEEN.join(values)
    if joined.count(_BETWEEN) >= len(values):
        raise ValueError("a value has a control character")
    return joined
