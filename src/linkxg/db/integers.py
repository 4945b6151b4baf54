"""The condition that an integer column is one of the numbers of a parameter, for statements of hot paths."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from linkxg.db.compiled import CompiledStatement
from linkxg.db.join_order import OrderedJoin


def prepare_any_number(
    column: ColumnElement[Any], name: str, statement: Callable[[ColumnElement[bool]], Executable]
) -> CompiledStatement:
    """`statement` with the condition that `column` is one of the numbers of the parameter `name`, made by `numbered`.

    One parameter for any number of values; both engines look them up in an index.
    """
    values = func.json_each(bindparam(name)).table_valued("value")
    in_list = column.in_(select(values.c.value))
    return CompiledStatement(statement(in_list), on_postgres=statement(column == func.any(_split(name))))


def prepare_each_number(
    column: Column[int], name: str, statement: Callable[[FromClause, ColumnElement[bool]], Executable]
) -> CompiledStatement:
    """As `prepare_any_number`, from the table with the condition, for numbers in rising order without repetitions.

    SQLite then looks them up as they come, a sixth faster: a list is put into a tree first, for it may be anything.
    """
    table = column.table
    values = func.json_each(bindparam(name)).table_valued("value", name="each_number")
    joined = OrderedJoin(values, table, column == values.c.value)
    on_postgres = statement(table, column == func.any(_split(name)))
    return CompiledStatement(statement(joined, true()), on_postgres=on_postgres)


def _split(name: str) -> ColumnElement[Any]:
    return cast(func.string_to_array(bindparam(name, type_=Text), ","), ARRAY(BigInteger))


def unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column as an expression that no index has: rows are looked up by their ids, and then compared.

    Without statistics, SQLite would take all rows of an account for fewer than those of a list of ids.
    """
    return column + literal("")


def numbered(conn: Connection, values: Iterable[int]) -> str:
    """The parameter of a statement of `prepare_any_number`."""
    joined = ",".join(map(str, values))
    return f"[{joined}]" if conn.dialect.name == "sqlite" else joined
