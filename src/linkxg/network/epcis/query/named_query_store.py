"""The SQL of named queries."""

from typing import NamedTuple

from sqlalchemy import Column, Connection, String, Table, Text, func, select

from linkxg.db.schema import Milliseconds, metadata
from linkxg.network.epcis.query.named_query_model import MAX_NAME

queries = Table(
    "epcis_queries",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("name", String(MAX_NAME).with_variant(String(MAX_NAME, collation="C"), "postgresql"), primary_key=True),
    # The JSON of the query as it was sent.
    Column("query", Text, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
)
_q = queries.c


class StoredQuery(NamedTuple):
    name: str
    query: str


def find_query(conn: Connection, account_id: str, name: str) -> StoredQuery | None:
    row = conn.execute(select(_q.name, _q.query).where(_q.account_id == account_id, _q.name == name)).first()
    return None if row is None else StoredQuery(*row)


def list_queries(conn: Connection, account_id: str, *, after: str, limit: int) -> list[StoredQuery]:
    """In the order of their names, behind `after`."""
    found = select(_q.name, _q.query).where(_q.account_id == account_id, _q.name > after)
    return [StoredQuery(*row) for row in conn.execute(found.order_by(_q.name).limit(limit))]


def count_queries(conn: Connection, account_id: str) -> int:
    return int(conn.execute(select(func.count()).where(_q.account_id == account_id)).scalar_one())


def insert_query(conn: Connection, account_id: str, stored: StoredQuery, *, created_at: int) -> None:
    conn.execute(queries.insert().values(account_id=account_id, created_at=created_at, **stored._asdict()))


def lock_query(conn: Connection, account_id: str, name: str) -> bool:
    """False if there is none; otherwise nobody subscribes to it until the transaction ends."""
    query = select(_q.name).where(_q.account_id == account_id, _q.name == name)
    return conn.execute(query.with_for_update()).first() is not None


def delete_query(conn: Connection, account_id: str, name: str) -> bool:
    """False if there is none; of concurrent deletions one wins."""
    return conn.execute(queries.delete().where(_q.account_id == account_id, _q.name == name)).rowcount == 1
