"""How do a thousand rows get in, or change, at once?

SQLite: one statement prepared once and run row by row in the driver, without SQLAlchemy's cost per row. PostgreSQL: one
statement over arrays, so that the network is crossed once.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import TableValuedAlias

from linkxg.db.prepared import driver

AT_ONCE = 125
"""Rows of one statement on SQLite. A step into the engine lets other threads run and then waits for its turn: a hundred
rows a step instead of one is a quarter faster alone, and several times faster beside a thread that is at work."""
_HAS_DOUBLED = text(
    "select pg_relation_size(oid) / current_setting('block_size')::int > 2 * relpages + 8 "
    "from pg_class where oid = to_regclass(:name)"
)
Rows = Sequence[tuple[Any, ...]]


def insert_many(conn: Connection, table: Table, columns: Sequence[str], rows: Rows) -> None:
    """Insert `rows`, whose values stand in the order of `columns`."""
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        into = f"insert into {table.name} ({', '.join(columns)}) values "  # noqa: S608  names of ours
        marks = f"({', '.join('?' * len(columns))})"
        whole = len(rows) - len(rows) % AT_ONCE
        many = into + ", ".join([marks] * AT_ONCE)
        for start in range(0, whole, AT_ONCE):
            driver(conn).execute(many, list(chain.from_iterable(rows[start : start + AT_ONCE])))
        driver(conn).executemany(into + marks, rows[whole:])
        return
    given, values = _arrays(table, columns, rows)
    conn.execute(table.insert().from_select(list(columns), select(given)), values)


def update_many(conn: Connection, table: Table, keys: Sequence[str], columns: Sequence[str], rows: Rows) -> None:
    """Set `columns` where `keys` match; a row holds the values of the columns, then those of the keys."""
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        sets, where = (join.join(f"{name} = ?" for name in names) for join, names in ((", ", columns), (" and ", keys)))
        driver(conn).executemany(f"update {table.name} set {sets} where {where}", rows)  # noqa: S608  names of ours
        return
    given, values = _arrays(table, [*columns, *keys], rows)
    matching = and_(*(table.c[key] == given.c[key] for key in keys))
    conn.execute(table.update().where(matching).values({name: given.c[name] for name in columns}), values)


def any_of(conn: Connection, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether `column` is one of the values that `listed` makes the parameter `name` of.

    One parameter for any number of values, which both engines look up one by one in an index or hash.
    """
    if conn.dialect.name == "sqlite":
        return column.in_(select(func.json_each(bindparam(name)).table_valued("value").c.value))
    return column.in_(select(func.unnest(bindparam(name, type_=ARRAY(column.type)))))


def listed(conn: Connection, values: Sequence[str]) -> Any:
    """The parameter for `any_of`."""
    return msgspec.json.encode(values).decode() if conn.dialect.name == "sqlite" else list(values)


def refresh_statistics(conn: Connection, table: Table) -> None:
    """Let PostgreSQL look at a table that has at least doubled since it last did.

    Every index begins with the account, so with the statistics of an empty table any of them looks as good as the right
    one, and plans are kept. Autovacuum comes once a minute: in that time an import fills the table.
    """
    if conn.dialect.name == "sqlite":
        return
    if conn.execute(_HAS_DOUBLED, {"name": table.name}).scalar_one():
        conn.execute(text(f"analyze {table.name}"))


def _arrays(table: Table, columns: Sequence[str], rows: Rows) -> tuple[TableValuedAlias, dict[str, Any]]:
    """(a table of arrays side by side, its parameters)."""
    arrays = [bindparam(f"_{name}", type_=ARRAY(table.c[name].type)) for name in columns]
    given = func.unnest(*arrays).table_valued(*(table.c[name] for name in columns), name="given").render_derived()
    values = zip(*rows, strict=True)
    return given, {f"_{name}": list(value) for name, value in zip(columns, values, strict=True)}
