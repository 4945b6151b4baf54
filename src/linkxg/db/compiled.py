"""Compiled statements for hot paths, without SQLAlchemy's per-execution cost.

A statement is written once in SQLAlchemy Core. On SQLite it is compiled once and then executed by the driver itself, in
an eighth of the time; on PostgreSQL, where the network dominates, it is executed as usual.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, Executable, Table, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

# By position: the driver converts each name at every execution.
_SQLITE = sqlite.dialect(paramstyle="qmark")


class CompiledStatement:
    """A statement whose values and results need no conversion: texts, integers, bytes, None; no booleans.

    `on_postgres` is the same statement for that engine, if Core has no common form.
    """

    def __init__(self, statement: Executable, on_postgres: Executable | None = None) -> None:
        self.statement = statement if on_postgres is None else on_postgres
        self._on_sqlite = statement

    @cached_property
    def _compiled(self) -> SQLCompiler:
        """Made at the first execution: to compile all of them would take a tenth of the time of a start."""
        assert isinstance(self._on_sqlite, ClauseElement)
        compiled = self._on_sqlite.compile(dialect=_SQLITE)
        assert isinstance(compiled, SQLCompiler)
        return compiled

    @cached_property
    def text(self) -> str:
        return str(self._compiled)

    @cached_property
    def _names(self) -> list[str]:
        return self._compiled.positiontup or []

    @cached_property
    def _fixed(self) -> dict[str, Any]:
        """Literals in the statement (such as `+ 1`) are parameters with fixed values."""
        return {name: value for name, value in self._compiled.params.items() if value is not None}

    def first(self, conn: Connection, values: dict[str, Any]) -> Any:
        """The first row as a tuple, or None."""
        if conn.dialect.name == "sqlite":
            return driver(conn).execute(self.text, self._in_order(values)).fetchone()
        row = conn.execute(self.statement, values).first()
        return None if row is None else tuple(row)

    def run(self, conn: Connection, values: dict[str, Any]) -> int:
        """The number of rows written."""
        if conn.dialect.name == "sqlite":
            return driver(conn).execute(self.text, self._in_order(values)).rowcount
        return conn.execute(self.statement, values).rowcount

    def all(self, conn: Connection, values: dict[str, Any]) -> list[Any]:
        """Every row as a tuple."""
        if conn.dialect.name == "sqlite":
            return driver(conn).execute(self.text, self._in_order(values)).fetchall()
        return [tuple(row) for row in conn.execute(self.statement, values)]

    def many(self, conn: Connection, rows: Iterable[dict[str, Any]]) -> None:
        """Execute it for each of `rows`."""
        if conn.dialect.name == "sqlite":
            driver(conn).executemany(self.text, map(self._in_order, rows))
        elif found := list(rows):
            conn.execute(self.statement, found)

    def _in_order(self, values: dict[str, Any]) -> list[Any]:
        given = {**self._fixed, **values}
        return [given[name] for name in self._names]


def driver(conn: Connection) -> sqlite3.Connection:
    """The driver's own connection behind a connection to SQLite."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def update_row(conn: Connection, table: Table, where: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Set these columns of the row whose columns equal `where`; false if there is none."""
    given = {f"is_{name}": value for name, value in where.items()} | {
        f"set_{name}": value for name, value in values.items()
    }
    return _updating(table, tuple(where), tuple(values)).run(conn, given) == 1


def insert_row(conn: Connection, table: Table, values: dict[str, Any]) -> None:
    """Insert a row with these columns."""
    _inserting(table, tuple(values)).run(conn, values)


@lru_cache(maxsize=64)
def _inserting(table: Table, columns: tuple[str, ...]) -> CompiledStatement:
    return CompiledStatement(table.insert().values({name: bindparam(name) for name in columns}))


@lru_cache(maxsize=256)
def _updating(table: Table, where: tuple[str, ...], columns: tuple[str, ...]) -> CompiledStatement:
    statement = table.update().where(*(table.c[name] == bindparam(f"is_{name}") for name in where))
    return CompiledStatement(statement.values({name: bindparam(f"set_{name}") for name in columns}))
