"""Reads the feed of an account, and waits for the next entry."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.catalog.products.share_store import find_next_expiry, record_expiries
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import Gone
from linkxg.network.changes import store
from linkxg.network.changes.model import Change, FeedEntry


class FeedPage(NamedTuple):
    """`last` is the number to continue after; `next_expiry` is when a share expires, in milliseconds."""

    entries: list[FeedEntry]
    last: int
    has_more: bool
    next_expiry: int | None


async def read_feed(database: Database, account_id: str, *, after: int | None, limit: int) -> FeedPage:
    """Entries after a number, or from the oldest that is kept. Raises Gone if entries after it were deleted.

    Shares expire without a write; who reads the feed appends what has expired before it reads.
    """

    def unit(conn: Connection) -> tuple[list[AnyRow], bool, int | None]:
        rows = store.list_entries(conn, account_id, after=after or 0, limit=limit + 1)
        expected = (after or 0) + 1
        if after is None or (rows[0].seq == expected if rows else store.find_head(conn, account_id) < expected):
            return rows, True, find_next_expiry(conn, account_id)
        return rows, False, None

    rows, is_complete, next_expiry = await database.read(unit)
    if next_expiry is not None and next_expiry <= now_ms():
        await database.write(_append_expiries, account_id)
        rows, is_complete, next_expiry = await database.read(unit)
    if not is_complete:
        raise Gone(
            "The entries after this cursor have been deleted. Read /shared/products, then the feed without a cursor."
        )
    entries = [_entry(row) for row in rows[:limit]]
    last = entries[-1].seq if entries else after or 0
    return FeedPage(entries, last, len(rows) > limit, next_expiry)


def _entry(row: AnyRow) -> FeedEntry:
    return FeedEntry(
        row.seq, row.type, row.connection_id, row.share_id, row.request_id, row.product_id, row.version,
        rfc3339(row.at),
    )  # fmt: skip


async def read_head(database: Database, account_id: str) -> int:
    """The number of the newest entry."""
    return await database.read_single(store.find_head, account_id)


def _append_expiries(conn: Connection, account_id: str) -> None:
    now = now_ms()
    store.lock_feed(conn, account_id)
    expired = record_expiries(conn, account_id, now)
    if expired:
        changes = [
            Change("SHARE_EXPIRED", one.connection_id, share_id=one.id, product_id=one.product_id) for one in expired
        ]
        store.append(conn, account_id, changes, now)
