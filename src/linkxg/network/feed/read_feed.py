"""Reads the feed of an account, and waits for the next entry."""

from typing import NamedTuple

from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.errors import Gone
from linkxg.network.feed import store
from linkxg.network.feed.model import FeedEntry
from linkxg.network.feed.share_expiries import record_viewer_expiries


class FeedPage(NamedTuple):
    """`last` is the number to continue after; `next_expiry` is when a share expires, in milliseconds."""

    entries: list[FeedEntry]
    last: int
    has_more: bool
    next_expiry: int | None


def deleted_entries() -> Gone:
    """The answer to a cursor from which the feed cannot be followed: after 90 days, or a restore."""
    return Gone(
        "The entries after this cursor have been deleted. Read /shared/products, then the feed without a cursor."
    )


async def read_feed(database: Database, account_id: str, *, after: int | None, limit: int) -> FeedPage:
    """Entries after a number, or from the oldest that is kept. Raises Gone if entries after it were deleted.

    Shares expire without a write; who reads the feed first appends what has expired, of very many shares a part.
    """
    start = after or 0
    found = await database.read_single(store.read_entries, account_id, after=start, limit=limit + 1)
    if found.next_expiry is not None and found.next_expiry <= now_ms():
        await database.write(record_viewer_expiries, account_id)
        found = await database.read_single(store.read_entries, account_id, after=start, limit=limit + 1)
    oldest = found.entries[0].seq if found.entries else found.head + 1
    if after is not None and not oldest - 1 <= after <= found.head:
        raise deleted_entries()
    entries = [_entry(row) for row in found.entries[:limit]]
    last = entries[-1].seq if entries else found.head if after is None else after
    has_more = len(found.entries) > limit or (found.next_expiry is not None and found.next_expiry <= now_ms())
    return FeedPage(entries, last, has_more, found.next_expiry)


def _entry(row: store.EntryRow) -> FeedEntry:
    return FeedEntry(**row._asdict() | {"at": rfc3339(row.at)})


async def read_head(database: Database, account_id: str) -> int:
    """The number of the newest entry."""
    return await database.read_single(store.find_head, account_id)
