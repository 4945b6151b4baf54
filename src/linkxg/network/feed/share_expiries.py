"""Records expired shares: each becomes an entry of its viewer's feed, and is no longer searched among the live ones.

When a share has expired is decided by the clock at each read, whether this has been recorded or not.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection

from linkxg.catalog.products.share_model import ExpiredShare
from linkxg.catalog.products.share_store import record_all_expiries, record_expiries
from linkxg.clock import now_ms
from linkxg.network.feed import store
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change

EXPIRIES_AT_ONCE = 500
"""Per transaction of a reader: few enough not to delay other writers."""


def record_viewer_expiries(conn: Connection, viewer_id: str) -> None:
    """Those for this viewer, oldest first. Concurrent readers of a feed wait for each other's entries."""
    store.lock_feed(conn, viewer_id)
    append_expiries(conn, record_expiries(conn, viewer_id, now_ms(), EXPIRIES_AT_ONCE))


def record_due_expiries(conn: Connection, *, now: int, limit: int) -> int:
    """Those for every viewer, up to `limit`, also for viewers who never read their feed; returns how many."""
    expired = record_all_expiries(conn, now, limit)
    append_expiries(conn, expired)
    return len(expired)


def append_expiries(conn: Connection, expired: Iterable[ExpiredShare]) -> None:
    changes: dict[str, list[Change]] = defaultdict(list)
    for one in expired:
        change = Change("SHARE_EXPIRED", one.connection_id, share_id=one.id, product_id=one.product_id)
        changes[one.viewer_id].append(change)
    append_all(conn, changes)
