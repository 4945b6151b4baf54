"""The SQL of the feed: entries of each account, numbered in the order of their commits."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Executable,
    Index,
    String,
    Table,
    bindparam,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.catalog.products.share_store import next_expiry
from linkxg.clock import DAY
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.bulk import insert_many
from linkxg.db.compiled import CompiledStatement
from linkxg.db.schema import Milliseconds, Sequence, metadata
from linkxg.network.feed.model import Change, ChangeType

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
    """Serialise the transactions that record expiries in a feed."""
    lock_until_commit(conn, f"feed {account_id}")


def _taking(insert: Any) -> Executable:
    """Takes the next `seq` numbers of an account; a row of parameters for each account."""
    taken = insert(feed_heads)
    taken = taken.on_conflict_do_update(
        index_elements=["account_id"], set_={"seq": feed_heads.c.seq + taken.excluded.seq}
    )
    statement: Executable = taken.returning(feed_heads.c.account_id, feed_heads.c.seq)
    return statement


_TAKE_NUMBERS = {"sqlite": _taking(sqlite_insert), "postgresql": _taking(postgres_insert)}


def append(conn: Connection, changes: Mapping[str, Collection[Change]], now: int) -> None:
    """Append to the feeds of these accounts, each with at least one change.

    Their rows are locked in the order of the ids, so that two transactions cannot deadlock.
    """
    wanted = [{"account_id": account_id, "seq": len(changes[account_id])} for account_id in sorted(changes)]
    last: dict[str, int] = {row.account_id: row.seq for row in conn.execute(_TAKE_NUMBERS[conn.dialect.name], wanted)}
    rows = [
        (account_id, seq, *change)
        for account_id, found in changes.items()
        for seq, change in enumerate(found, last[account_id] - len(found) + 1)
    ]
    insert_many(conn, feed_entries, ("account_id", "seq", *Change._fields), rows, same={"at": now})


_ACCOUNT = bindparam("account", type_=String)
_page = (
    select(*(column for column in feed_entries.c if column.name != "account_id"))
    .where(feed_entries.c.account_id == _ACCOUNT, feed_entries.c.seq > bindparam("after", type_=BigInteger))
    .order_by(feed_entries.c.seq)
    .limit(bindparam("limit", type_=BigInteger))
    .subquery()
)
_head = select(feed_heads.c.seq).where(feed_heads.c.account_id == _ACCOUNT).scalar_subquery()
# One row without an entry if there is none.
_READ = CompiledStatement(
    select(func.coalesce(_head, 0), next_expiry(_ACCOUNT), *_page.c)
    .select_from(select(literal(1)).subquery().outerjoin(_page, true()))
    .order_by(_page.c.seq)
)


class EntryRow(NamedTuple):
    """The columns of an entry in their order in the table, but the account."""

    seq: int
    type: ChangeType
    connection_id: str | None
    share_id: str | None
    request_id: str | None
    product_id: str | None
    version: int | None
    at: int


class FeedRows(NamedTuple):
    """Entries in order, the number of the newest one, and when the next share expires."""

    entries: list[EntryRow]
    head: int
    next_expiry: int | None


def read_entries(conn: Connection, account_id: str, *, after: int, limit: int) -> FeedRows:
    """Entries with a number above `after`, in one statement."""
    rows = _READ.all(conn, {"account": account_id, "after": after, "limit": limit})
    head, expiry = rows[0][:2]
    return FeedRows([EntryRow._make(row[2:]) for row in rows if row[2] is not None], head, expiry)


def find_head(conn: Connection, account_id: str) -> int:
    """The number of the newest entry, 0 if there was none."""
    query = select(feed_heads.c.seq).where(feed_heads.c.account_id == account_id)
    return conn.execute(query).scalar_one_or_none() or 0


def list_heads(conn: Connection, account_ids: Collection[str]) -> dict[str, int]:
    """The number of the newest entry of each of these accounts that has one."""
    query = select(feed_heads.c.account_id, feed_heads.c.seq).where(feed_heads.c.account_id.in_(account_ids))
    return {row.account_id: row.seq for row in conn.execute(query)}


def restart_feed(conn: Connection, account_id: str, head: int) -> None:
    """Continue after `head` a feed without entries, unless its numbers are higher already."""
    lower = feed_heads.update().where(feed_heads.c.account_id == account_id, feed_heads.c.seq < head)
    conn.execute(lower.values(seq=head))
    if find_head(conn, account_id) == 0:
        conn.execute(feed_heads.insert().values(account_id=account_id, seq=head))


def purge_entries(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` entries that are older than KEEP_MS; returns how many."""
    old = select(feed_entries.c.account_id, feed_entries.c.seq).where(feed_entries.c.at < now - KEEP_MS).limit(limit)
    found = [tuple(row) for row in conn.execute(old)]
    if not found:
        return 0
    return conn.execute(feed_entries.delete().where(tuple_(*feed_entries.primary_key).in_(found))).rowcount
