"""A join whose tables are read in the order in which they are written.

SQLite has no statistics of young tables, and may begin with ten thousand rows where one would do; a CROSS JOIN with a
condition keeps its order there. PostgreSQL decides itself.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Join
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class OrderedJoin(Join):
    """`left JOIN right ON condition`, with `left` read first on SQLite."""

    inherit_cache = True

    def __init__(self, left: FromClause, right: FromClause, condition: ColumnElement[bool]) -> None:
        super().__init__(left, right, condition)

    def then(self, right: FromClause, condition: ColumnElement[bool]) -> "OrderedJoin":
        return OrderedJoin(self, right, condition)


@compiles(OrderedJoin)
def _as_usual(join: OrderedJoin, compiler: SQLCompiler, **options: Any) -> str:
    return str(compiler.visit_join(join, **options))  # type: ignore[no-untyped-call]


@compiles(OrderedJoin, "sqlite")
def _in_order(join: OrderedJoin, compiler: SQLCompiler, **options: Any) -> str:
    left, right = (compiler.process(side, **{**options, "asfrom": True}) for side in (join.left, join.right))
    assert join.onclause is not None
    # It sees that the condition joins the two sides.
    condition = compiler.process(join.onclause, from_linter=options.get("from_linter"))
    return f"{left} CROSS JOIN {right} ON {condition}"
