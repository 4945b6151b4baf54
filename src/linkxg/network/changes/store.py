"""The SQL of the feed: entries of each account, numbered in the order of their commits."""

from collections.abc import Collection

from sqlalchemy import Column, Connection, Index, String, Table, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.clock import DAY
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.network.changes.model import Change

KEEP_MS = 90 * DAY
"""How long an entry is kept."""

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


def lock_feed(conn: Connection, account_id: str) -> None:
    """Serialise the transactions that record expiries in a feed; SQLite has only one writer anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("feed " + account_id, 0))))


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


_ENTRY = [column for column in feed_entries.c if column.name != "account_id"]


def list_entries(conn: Connection, account_id: str, *, after: int, limit: int) -> list[AnyRow]:
    """Entries with a number above `after`, in order."""
    query = select(*_ENTRY).where(feed_entries.c.account_id == account_id, feed_entries.c.seq > after)
    return list(conn.execute(query.order_by(feed_entries.c.seq).limit(limit)))


def find_head(conn: Connection, account_id: str) -> int:
    """The number of the newest entry, 0 if there was none."""
    query = select(feed_heads.c.seq).where(feed_heads.c.account_id == account_id)
    return conn.execute(query).scalar_one_or_none() or 0


def list_heads(conn: Connection, account_ids: Collection[str]) -> dict[str, int]:
    """The number of the newest entry of each of these accounts that has one."""
    query = select(feed_heads.c.account_id, feed_heads.c.seq).where(feed_heads.c.account_id.in_(account_ids))
    return {row.account_id: row.seq for row in conn.execute(query)}


def find_oldest(conn: Connection, account_id: str) -> int | None:
    """The number of the oldest entry that is kept."""
    query = select(func.min(feed_entries.c.seq)).where(feed_entries.c.account_id == account_id)
    oldest: int | None = conn.execute(query).scalar_one()
    return oldest


def purge_entries(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` entries that are older than KEEP_MS; returns how many."""
    old = select(feed_entries.c.account_id, feed_entries.c.seq).where(feed_entries.c.at < now - KEEP_MS).limit(limit)
    found = [tuple(row) for row in conn.execute(old)]
    return conn.execute(feed_entries.delete().where(tuple_(*feed_entries.primary_key).in_(found))).rowcount
