"""The SQL of the feed: entries of each account, numbered in the order of their commits."""

from collections.abc import Collection

from sqlalchemy import Column, Connection, Index, String, Table
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.network.changes.model import Change

feed_heads = Table(
    "feed_heads",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("seq", Sequence, nullable=False),
)
"""The number of the newest entry. Whoever appends holds this row until the commit: a later number commits later."""

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("type", String(24), nullable=False),
    Column("connection_id", String(36)),
    Column("share_id", String(36)),
    Column("request_id", String(36)),
    Column("product_id", String(36)),
    Column("version", Sequence),
    Column("at", Milliseconds, nullable=False),
    Index("ix_feed_entries_at", "at"),
)


def append(conn: Connection, account_id: str, changes: Collection[Change], now: int) -> None:
    """Append to the feed of this account.

    A transaction that appends to several accounts takes them in the order of their ids; see `append_all`.
    """
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    taken = insert(feed_heads).values(account_id=account_id, seq=len(changes))
    taken = taken.on_conflict_do_update(
        index_elements=["account_id"], set_={"seq": feed_heads.c.seq + taken.excluded.seq}
    )
    last = conn.execute(taken.returning(feed_heads.c.seq)).scalar_one()
    first = last - len(changes) + 1
    rows = [
        {"account_id": account_id, "seq": seq, "at": now, **one._asdict()} for seq, one in enumerate(changes, first)
    ]
    conn.execute(feed_entries.insert(), rows)
