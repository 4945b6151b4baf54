"""The metadata in which all tables register, and the naming of constraints."""

from typing import Any

from sqlalchemy import BigInteger, Integer, MetaData, Row

AnyRow = Row[*tuple[Any, ...]]
"""A row of whatever columns."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Milliseconds = BigInteger
"""Column type of every time: milliseconds since the epoch."""

Sequence = BigInteger().with_variant(Integer, "sqlite")
"""Column type of a generated number: SQLite numbers rows only in an INTEGER primary key."""
