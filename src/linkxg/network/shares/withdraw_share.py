"""Withdraws a share: from the next read on, the partner does not see by it any more."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.identity.authorization.write_as import write_as
from linkxg.network.connections.store import lock_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.visibility_lock import lock_visibility
from linkxg.network.shares import store


async def withdraw_share(database: Database, actor: Actor, account_id: str, share_id: str) -> None:
    """Raises NotFound. A share that has ended stays as it is."""

    def unit(conn: Connection) -> NotFound | None:
        row = store.find_share(conn, account_id, share_id)
        if row is None:
            return NotFound()
        lock_connection(conn, account_id, row.connection_id)
        lock_visibility(conn, account_id, row.viewer_id)
        if not store.withdraw_share(conn, account_id, share_id, now_ms()):
            return None
        details = {"connection": row.connection_id}
        audit.record_both(conn, actor, account_id, row.viewer_id, "share.withdrawn", share_id, details)
        removed = Change("SHARE_REMOVED", row.connection_id, share_id, product_id=row.product_id)
        append_all(conn, {row.viewer_id: [removed]})
        return None

    error = await write_as(database, actor, unit)
    if error is not None:
        raise error
