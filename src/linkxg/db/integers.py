"""The condition that an integer column is one of the numbers of a parameter, for statements of hot paths."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Executable, Text, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from linkxg.db.compiled import CompiledStatement


def prepare_any_number(
    column: ColumnElement[Any], name: str, statement: Callable[[ColumnElement[bool]], Executable]
) -> CompiledStatement:
    """`statement` with the condition that `column` is one of the numbers of the parameter `name`, made by `numbered`.

    One parameter for any number of values; both engines look them up in an index.
    """
    values = func.json_each(bindparam(name)).table_valued("value")
    split = cast(func.string_to_array(bindparam(name, type_=Text), ","), ARRAY(BigInteger))
    in_list = column.in_(select(values.c.value))
    return CompiledStatement(statement(in_list), on_postgres=statement(column == func.any(split)))


def unindexed(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column as an expression that no index has: rows are looked up by their ids, and then compared.

    Without statistics, SQLite would take all rows of an account for fewer than those of a list of ids.
    """
    return column + literal("")


def numbered(conn: Connection, values: Iterable[int]) -> str:
    """The parameter of a statement of `prepare_any_number`."""
    joined = ",".join(map(str, values))
    return f"[{joined}]" if conn.dialect.name == "sqlite" else joined
