"""The SQL of the feed: entries of each account, numbered in the order of their commits."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    String,
    Table,
    and_,
    bindparam,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.catalog.products.share_store import next_expiry
from linkxg.clock import DAY, now_ms
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.bulk import insert_many
from linkxg.db.compiled import CompiledStatement
from linkxg.db.row_values import is_one_of
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
    # Of a recall.
    Column("notice_id", String(36)),
    Column("at", Milliseconds, nullable=False),
    Index("ix_feed_entries_at", "at"),
)


def lock_feed(conn: Connection, account_id: str) -> None:
    """Serialise the transactions that record expiries in a feed."""
    lock_until_commit(conn, f"feed {account_id}")


_given = sqlite_insert(feed_heads)
_TAKE_NUMBERS = CompiledStatement(
    _given.on_conflict_do_update(
        index_elements=["account_id"], set_={"seq": feed_heads.c.seq + _given.excluded.seq}
    ).returning(feed_heads.c.seq)
)
MAX_APPENDED = 10_000
"""Changes of one statement, which are in memory as one text."""
# One round trip for many feeds; `back` is the distance from the last entry of the feed.
_APPEND_ON_POSTGRES = text(
    "with given as (select * from json_to_recordset(cast(:changes as json)) as given (account_id text, back bigint, "
    "type text, connection_id text, share_id text, request_id text, product_id text, version bigint, "
    "notice_id text)), "
    "taken as (insert into feed_heads (account_id, seq) "
    "select account_id, count(*) from given group by account_id order by account_id "
    "on conflict (account_id) do update set seq = feed_heads.seq + excluded.seq returning account_id, seq) "
    "insert into feed_entries (account_id, seq, type, connection_id, share_id, request_id, product_id, version, "
    "notice_id, at) "
    "select account_id, seq - back, type, connection_id, share_id, request_id, product_id, version, notice_id, "
    "cast(extract(epoch from clock_timestamp()) * 1000 as bigint) from given join taken using (account_id)"
)


def append(conn: Connection, changes: Mapping[str, Collection[Change]]) -> None:
    """Append to the feeds of these accounts, each with at least one change.

    Their rows are locked in the order of the ids, so that two transactions cannot deadlock. The time is taken once they
    are locked, so that later numbers have later times.
    """
    if conn.dialect.name == "postgresql":
        for account_ids in _batches(changes):
            given = [
                {"account_id": account_id, "back": len(changes[account_id]) - place, **change._asdict()}
                for account_id in account_ids
                for place, change in enumerate(changes[account_id], 1)
            ]
            conn.execute(_APPEND_ON_POSTGRES, {"changes": msgspec.json.encode(given).decode()})
        return
    rows = []
    for account_id, found in changes.items():
        last = _TAKE_NUMBERS.first(conn, {"account_id": account_id, "seq": len(found)})[0]
        rows += [(account_id, seq, *change) for seq, change in enumerate(found, last - len(found) + 1)]
    insert_many(conn, feed_entries, ("account_id", "seq", *Change._fields), rows, same={"at": now_ms()})


def _batches(changes: Mapping[str, Collection[Change]]) -> Iterator[list[str]]:
    """The accounts in the order of their ids, cut where there are MAX_APPENDED changes."""
    account_ids, count = [], 0
    for account_id in sorted(changes):
        account_ids.append(account_id)
        count += len(changes[account_id])
        if count >= MAX_APPENDED:
            yield account_ids
            account_ids, count = [], 0
    if account_ids:
        yield account_ids


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
    notice_id: str | None
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
    """Delete up to `limit` entries that are older than KEEP_MS, or that precede an older one; returns how many.

    What is left of a feed has no gap, although the clocks of the nodes that appended may differ.
    """
    entry = feed_entries.c
    old = select(entry.account_id, entry.seq).where(entry.at < now - KEEP_MS).order_by(entry.at).limit(limit).subquery()
    ends = select(old.c.account_id, func.max(old.c.seq).label("last")).group_by(old.c.account_id).subquery()
    preceding = ends.join(feed_entries, and_(entry.account_id == ends.c.account_id, entry.seq <= ends.c.last))
    oldest = select(entry.account_id, entry.seq).select_from(preceding).order_by(entry.account_id, entry.seq)
    found = [tuple(row) for row in conn.execute(oldest.limit(limit))]
    if not found:
        return 0
    conn.execute(feed_entries.delete().where(is_one_of(tuple(feed_entries.primary_key), found)))
    return len(found)
