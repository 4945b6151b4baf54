"""The SQL of rejected requests."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Index, Integer, String, Table, bindparam, select, tuple_

from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import Milliseconds, metadata
from linkxg.identity.clients.rejections.model import KEEP_MS, KEPT, Rejection

rejections = Table(
    "refused_requests",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("at", Milliseconds, nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("endpoint", String(100), nullable=False),
    Column("cause", String(30), nullable=False),
    Column("concerns", String(64), nullable=False),
    Index("ix_refused_requests_account_id_client_id_id", "account_id", "client_id", "id"),
    Index("ix_refused_requests_at", "at"),
)

_COLUMNS = [rejections.c[name] for name in Rejection._fields]
_NEWEST = CompiledStatement(
    select(*_COLUMNS)
    .where(rejections.c.account_id == bindparam("account"))
    .order_by(rejections.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)


def insert_rejections(conn: Connection, rows: Sequence[Rejection]) -> None:
    """Add them, and delete all but the newest KEPT of each account."""
    conn.execute(rejections.insert(), [row._asdict() for row in rows])
    for account_id in sorted({row.account_id for row in rows}):
        newest = select(rejections.c.id).where(rejections.c.account_id == account_id).order_by(rejections.c.id.desc())
        last = conn.execute(newest.offset(KEPT - 1).limit(1)).scalar()
        if last is not None:
            conn.execute(rejections.delete().where(rejections.c.account_id == account_id, rejections.c.id < last))


def list_rejections(
    conn: Connection,
    account_id: str,
    *,
    client_id: str | None = None,
    cause: str | None = None,
    before: str | None = None,
    limit: int = KEPT,
) -> list[Rejection]:
    """Newest first; with `before`, those older than that id."""
    if client_id is None and cause is None and before is None:
        return [Rejection._make(row) for row in _NEWEST.all(conn, {"account": account_id, "limit": limit})]
    query = select(*_COLUMNS).where(rejections.c.account_id == account_id)
    if client_id is not None:
        query = query.where(rejections.c.client_id == client_id)
    if cause is not None:
        query = query.where(rejections.c.cause == cause)
    if before is not None:
        query = query.where(rejections.c.id < before)
    return [Rejection(*row) for row in conn.execute(query.order_by(rejections.c.id.desc()).limit(limit))]


def purge_rejections(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` that are older than 30 days."""
    key = (rejections.c.account_id, rejections.c.id)
    old = select(*key).where(rejections.c.at < now - KEEP_MS).limit(limit)
    return conn.execute(rejections.delete().where(tuple_(*key).in_(old))).rowcount
