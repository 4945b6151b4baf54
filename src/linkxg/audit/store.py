"""The SQL of the audit trail."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    select,
)

from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata

heads = Table(
    "audit_heads",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("seq", Sequence, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
events = Table(
    "audit_events",
    metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("at", Milliseconds, nullable=False),
    Column("action", String(40), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(64)),
    Column("target", String(64)),
    Column("source", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("secret_id", String(64)),
    Column("details", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

_NEXT = CompiledStatement(
    heads.update()
    .where(heads.c.account_id == bindparam("account"))
    .values(seq=heads.c.seq + 1)
    .returning(heads.c.seq, heads.c.hash)
)
_SET_HEAD = CompiledStatement(
    heads.update().where(heads.c.account_id == bindparam("account")).values(hash=bindparam("link"))
)
_INSERT = CompiledStatement(events.insert())


def insert_head(conn: Connection, account_id: str) -> None:
    """Start the chain of a new account."""
    conn.execute(heads.insert().values(account_id=account_id, seq=0, hash=b""))


def lock_heads(conn: Connection, account_id: str, partner_id: str) -> None:
    """Lock two chains, in the order of their ids."""
    ids = sorted((account_id, partner_id))
    conn.execute(select(heads.c.seq).where(heads.c.account_id.in_(ids)).order_by(heads.c.account_id).with_for_update())


def take_next(conn: Connection, account_id: str) -> tuple[int, bytes]:
    """The next sequence number and the hash to chain to; locks the chain until the transaction ends."""
    seq, previous = _NEXT.first(conn, {"account": account_id})
    return seq, previous


def insert_event(conn: Connection, account_id: str, values: dict[str, Any]) -> None:
    _INSERT.run(conn, {"account_id": account_id, **values})
    _SET_HEAD.run(conn, {"account": account_id, "link": values["hash"]})


def list_events(
    conn: Connection, account_id: str, *, before: int | None, limit: int, action: str | None = None
) -> list[AnyRow]:
    """Newest first, below sequence number `before`."""
    query = select(events).where(events.c.account_id == account_id).order_by(events.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(events.c.seq < before)
    if action is not None:
        query = query.where(events.c.action == action)
    return list(conn.execute(query).all())


def list_chain(conn: Connection, account_id: str, *, after: int, limit: int) -> list[AnyRow]:
    """Oldest first, above sequence number `after`."""
    query = select(events).where(events.c.account_id == account_id, events.c.seq > after)
    return list(conn.execute(query.order_by(events.c.seq).limit(limit)).all())


def list_actions(conn: Connection, account_id: str, actions: Iterable[str]) -> list[AnyRow]:
    """Every event of these actions, oldest first: `at`, `action`, `target`, `details`."""
    columns = (events.c.at, events.c.action, events.c.target, events.c.details)
    query = select(*columns).where(events.c.account_id == account_id, events.c.action.in_(actions))
    return list(conn.execute(query.order_by(events.c.seq)).all())


def find_head(conn: Connection, account_id: str) -> AnyRow | None:
    return conn.execute(select(heads).where(heads.c.account_id == account_id)).first()


def list_accounts(conn: Connection) -> list[str]:
    return list(conn.execute(select(heads.c.account_id)).scalars())
