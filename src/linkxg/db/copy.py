"""Copies rows between databases of any engine.

Table by table in the order of their foreign keys, in chunks, through SQLAlchemy's column types: booleans, bytes and
numbers come out as Python values and go in as whatever the other engine stores.
"""

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, Integer, func, insert, inspect, select, table, text

from linkxg.db.schema import metadata
from linkxg.errors import OperatorError

CHUNK = 1_000
"""Rows held at once, unless the table says `rows_at_once` because its rows are large."""
ReportProgress = Callable[[int, int], None]
"""Called with (done, total), rows or pages, during a long copy."""
_VERSION_TABLE = "alembic_version"
_APPEND_ONLY_TRIGGERS = "select name, sql from sqlite_master where type = 'trigger' and sql like '%raise(%'"


class CopyError(OperatorError):
    """The rows cannot be copied; the message says why."""


def require_known_tables(conn: Connection) -> None:
    """Raises CopyError for unknown tables: a copy must not omit one silently."""
    found = set(inspect(conn).get_table_names()) - {_VERSION_TABLE}
    differing = sorted(found ^ set(metadata.tables))
    if differing:
        raise CopyError(f"the tables {', '.join(differing)} are not in both the database and this program")


def is_empty(conn: Connection, ignoring: Iterable[str] = ()) -> bool:
    """Whether no table has a row, whatever the schema, except those of `ignoring`."""
    names = set(inspect(conn).get_table_names()) - {_VERSION_TABLE, *ignoring}
    return all(conn.execute(select(1).select_from(table(name)).limit(1)).first() is None for name in names)


def copy_rows(
    source: Connection,
    target: Connection,
    *,
    skip: Iterable[str] = (),
    on_progress: ReportProgress = lambda done, total: None,
) -> dict[str, int]:
    """Insert every row of `source` into the empty tables of `target`, except those of `skip`; rows per table.

    Both have the schema of this program; `source` is one snapshot, and the caller commits `target`.
    """
    tables = [one for one in metadata.sorted_tables if one.name not in set(skip)]
    total = sum(source.execute(select(func.count()).select_from(one)).scalar_one() for one in tables)
    counts: dict[str, int] = {}
    done = 0
    for one in tables:
        counts[one.name] = 0
        at_once = one.info.get("rows_at_once", CHUNK)
        found = source.execute(select(one), execution_options={"stream_results": True, "yield_per": at_once})
        for chunk in found.mappings().partitions():
            target.execute(insert(one), [dict(row) for row in chunk])
            counts[one.name] += len(chunk)
            done += len(chunk)
            on_progress(done, total)
    set_sequences(target)
    return counts


def delete_rows(conn: Connection) -> None:
    """Empty every table. Triggers that keep a table append-only are dropped within this transaction."""
    if conn.dialect.name == "postgresql":
        quote = conn.dialect.identifier_preparer.format_table
        conn.execute(text(f"truncate {', '.join(quote(one) for one in metadata.sorted_tables)}"))
        return
    triggers = conn.exec_driver_sql(_APPEND_ONLY_TRIGGERS).all()
    for name, _ in triggers:
        conn.exec_driver_sql(f'drop trigger "{name}"')
    for one in reversed(metadata.sorted_tables):
        conn.execute(one.delete())
    for _, definition in triggers:
        conn.exec_driver_sql(definition)


def set_sequences(conn: Connection) -> None:
    """Advance PostgreSQL's sequences beyond the highest number in use."""
    if conn.dialect.name != "postgresql":
        return
    for one in metadata.sorted_tables:
        column = one.autoincrement_column
        if column is None or not isinstance(column.type, Integer):
            continue
        name = conn.execute(select(func.pg_get_serial_sequence(one.name, column.name))).scalar_one()
        highest = conn.execute(select(func.max(column))).scalar_one()
        if name is not None and highest is not None:
            last = conn.execute(text(f"select last_value from {name}")).scalar_one()  # noqa: S608  the catalogue's name
            conn.execute(select(func.setval(name, max(highest, last))))
