"""How do a thousand rows get in, or change, at once?

SQLite: one statement prepared once and run row by row in the driver, without SQLAlchemy's cost per row. PostgreSQL: one
statement over arrays, so that the network is crossed once.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Executable, Table, and_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.selectable import TableValuedAlias

from linkxg.db.prepared import Prepared, driver

AT_ONCE = (250, 50, 1)
"""Rows of one statement on SQLite, as many as there are. A step into the engine lets other threads run and then waits
for its turn: hundreds of rows a step are a quarter faster than one, and far faster beside a thread at work."""
_HAS_DOUBLED = text(
    "select pg_relation_size(oid) / current_setting('block_size')::int > 2 * relpages + 8 "
    "from pg_class where oid = to_regclass(:name)"
)
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
    given, values = _arrays(table, columns, rows)
    fixed_values = (bindparam(f"_same_{name}", value, table.c[name].type) for name, value in same.items())
    statement = insert(table).from_select([*same, *columns], select(*fixed_values, given))
    return conn.execute(statement.on_conflict_do_nothing() if unless_taken else statement, values).rowcount


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
    given, values = _arrays(table, [*columns, *keys], rows)
    matching = and_(*(table.c[key] == given.c[key] for key in keys))
    conn.execute(table.update().where(matching).values({name: given.c[name] for name in columns}), values)


def prepare_any(
    column: ColumnElement[Any], name: str, statement: Callable[[ColumnElement[bool]], Executable]
) -> Prepared:
    """`statement` with the condition that `column` is one of the values that `listed` makes the parameter `name` of.

    One parameter for any number of values, which both engines look up one by one in an index or hash.
    """
    values = func.json_each(bindparam(name)).table_valued("value")
    array = func.unnest(bindparam(name, type_=ARRAY(column.type)))
    return Prepared(statement(column.in_(select(values.c.value))), statement(column.in_(select(array))))


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
