"""Ends a connection for both sides, with everything that they share or ask for; or withdraws an invitation."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products.share_store import withdraw_shares_of_connection
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.db.schema import AnyRow
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.network.check_fields import check_reason
from linkxg.network.connections import store
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.partner_side import write_partner_side
from linkxg.network.connections.read_connections import view_of
from linkxg.network.connections.request_store import cancel_pending
from linkxg.network.connections.write_connection import write_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.visibility_lock import lock_visibility


async def revoke_connection(
    database: Database,
    mails: ConnectionMails,
    actor: Actor,
    account_id: str,
    connection_id: str,
    reason: str | None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[ConnectionView]:
    """By either side of a connection, or by the inviter; raises NotFound, InvalidState, or ValidationFailed."""
    check_reason(reason)

    def make(conn: Connection) -> ConnectionView | PublicError:
        row = _lock(conn, account_id, connection_id)
        if row is None:
            return NotFound()
        if row.status == "ACTIVE":
            _end(conn, actor, account_id, row, reason)
        elif row.status == "PENDING" and row.direction == "OUTGOING" and row.expires_at > now_ms():
            _withdraw(conn, actor, account_id, row, reason)
        else:
            return InvalidState("Only a connection, or your own invitation while it waits, can be revoked.")
        return view_of(conn, account_id, connection_id)

    outcome = await write_connection(
        database, actor, account_id, connection_id, "revoke", idempotency_key, reason, make
    )
    # Of an invitation that is withdrawn no partner is known: nobody gets a mail.
    if not outcome.replayed:
        mails.revoked(outcome.value, account_id)
    return outcome


def withdraw_leaked_invitation(
    conn: Connection, actor: Actor, account_id: str, connection_id: str, token_digest: bytes
) -> bool:
    """Inside a unit of work: withdraw an invitation whose link was found in public; false if it does not wait."""
    row = _lock(conn, account_id, connection_id)
    if row is None or row.status != "PENDING" or row.direction != "OUTGOING" or row.expires_at <= now_ms():
        return False
    _withdraw(conn, actor, account_id, row, None)
    # Kept, so that a repeated report is answered as the first one was.
    return store.update_connection(conn, account_id, connection_id, token_digest=token_digest)


def _lock(conn: Connection, account_id: str, connection_id: str) -> AnyRow | None:
    """The connection as it is once no other transaction can change it."""
    store.lock_connection(conn, account_id, connection_id)
    row = store.find_connection(conn, account_id, connection_id)
    if row is None:
        return None
    store.lock_partners(conn, account_id, row.partner_id or account_id)
    lock_visibility(conn, account_id, row.partner_id)
    return store.find_connection(conn, account_id, connection_id)


def _end(conn: Connection, actor: Actor, account_id: str, row: AnyRow, reason: str | None) -> None:
    now, partner_id = now_ms(), row.partner_id
    revoked = {"status": "REVOKED", "ended_at": now, "reason": reason}
    store.update_connection(conn, account_id, row.id, ended_by="SELF", **revoked)
    store.update_connection(conn, partner_id, row.id, ended_by="PARTNER", **revoked)
    ours = withdraw_shares_of_connection(conn, account_id, row.id, now)
    theirs = withdraw_shares_of_connection(conn, partner_id, row.id, now)
    requests = [id for side in (account_id, partner_id) for id in cancel_pending(conn, side, row.id, now)]
    details = ({"reason": reason} if reason else {}) | {"requests": len(requests)}
    own, others = details | {"shares": len(ours)}, details | {"shares": len(theirs)}
    audit.record_both(conn, actor, account_id, partner_id, "connection.revoked", row.id, own, others)
    cancelled = [Change("REQUEST_CANCELLED", row.id, request_id=id) for id in requests]
    append_all(
        conn,
        {
            account_id: [*_removed(row.id, theirs), *cancelled],
            partner_id: [*_removed(row.id, ours), *cancelled, Change("CONNECTION_REVOKED", row.id)],
        },
    )


def _removed(connection_id: str, ended: Iterable[tuple[str, str | None]]) -> Iterator[Change]:
    for share_id, product_id in ended:
        yield Change("SHARE_REMOVED", connection_id, share_id, product_id=product_id)


def _withdraw(conn: Connection, actor: Actor, account_id: str, row: AnyRow, reason: str | None) -> None:
    """The inviter must not learn whether the invitee exists: see `partner_side`."""
    revoked = {"status": "REVOKED", "ended_at": now_ms(), "reason": reason}
    details = {"reason": reason} if reason else {}
    store.end_pending(conn, account_id, row.id, ended_by="SELF", token_digest=None, **revoked)
    audit.record(conn, account_id, actor, "connection.revoked", row.id, details)

    def write(partner: str) -> bool:
        is_delivered = store.end_pending(conn, partner, row.id, ended_by="PARTNER", **revoked)
        audit.record(conn, partner, actor.as_partner(), "connection.revoked", row.id, details)
        append_all(conn, {partner: [Change("CONNECTION_REVOKED", row.id)]})
        return is_delivered

    write_partner_side(conn, account_id, row.partner_id, write)
