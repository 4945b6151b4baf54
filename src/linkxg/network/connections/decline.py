"""Declines an invitation."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import PublicError
from linkxg.network.check_fields import check_reason
from linkxg.network.connections import store
from linkxg.network.connections.accept import lock_incoming
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.read_connections import view_of
from linkxg.network.connections.write_connection import write_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change


async def decline_connection(
    database: Database,
    actor: Actor,
    account_id: str,
    connection_id: str,
    reason: str | None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[ConnectionView]:
    """Raises NotFound unless the account is invited, InvalidState, or ValidationFailed for the reason."""
    check_reason(reason)

    def make(conn: Connection) -> ConnectionView | PublicError:
        row = lock_incoming(conn, account_id, connection_id)
        if isinstance(row, PublicError):
            return row
        now, inviter_id = now_ms(), row.partner_id
        declined = {"status": "DECLINED", "responded_at": now, "ended_at": now, "reason": reason}
        store.end_pending(conn, inviter_id, connection_id, ended_by="PARTNER", token_digest=None, **declined)
        store.end_pending(conn, account_id, connection_id, ended_by="SELF", **declined)
        details = {"reason": reason} if reason else {}
        audit.record(conn, account_id, actor, "connection.declined", connection_id, details)
        # The inviter learns that somebody declined, not which account.
        partner = actor.as_partner()._replace(id=None, account_id=None)
        audit.record(conn, inviter_id, partner, "connection.declined", connection_id, details)
        append_all(conn, {inviter_id: [Change("CONNECTION_DECLINED", connection_id)]})
        return view_of(conn, account_id, connection_id)

    return await write_connection(database, actor, account_id, connection_id, "decline", idempotency_key, reason, make)
