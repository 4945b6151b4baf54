"""The condition that a column is one of several expressions, looked up in an index on both engines.

PostgreSQL reads `IN` with columns of other tables as alternatives, for which it uses no index.
"""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class AnyOf(FunctionElement[bool]):
    """`column IN (expressions)`."""

    # Of type Boolean, it would be compared with 1 on SQLite, which then uses no index.
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], expressions: list[ColumnElement[Any]]) -> None:
        super().__init__(column, *expressions)


@compiles(AnyOf)
def _in_list(condition: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, *others = (compiler.process(one, **options) for one in condition.clauses)
    return f"{column} IN ({', '.join(others)})"


@compiles(AnyOf, "postgresql")
def _in_array(condition: AnyOf, compiler: SQLCompiler, **options: Any) -> str:
    column, *others = (compiler.process(one, **options) for one in condition.clauses)
    return f"{column} = ANY (ARRAY[{', '.join(others)}])"
