"""The condition that several columns together have one of the given values: a comparison of row values."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, cast, column, select, tuple_, values


def is_one_of(key: Sequence[Column[Any]], rows: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    """Whether the columns of `key` have the values of one of the `rows`, of which there is at least one.

    SQLite looks each row up in the index of the key. `tuple_(*key).in_(rows)` would read the whole table: SQLite uses
    no index for `(a, b) IN (VALUES …)` with more than one row.

    The statement begins with a common table expression, after which the driver of SQLite does not know `rowcount`.
    """
    listed = values(*(column(one.name, one.type) for one in key), name="listed").data([*rows]).cte()
    # Without a cast SQLite would compare all of them as it does the first, and use no index for numbers beside a text.
    return tuple_(*key).in_(select(*(cast(one, one.type) for one in listed.c)))
