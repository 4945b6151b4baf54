"""Accepts an invitation, which connects the two accounts."""

from typing import Any

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.db.schema import AnyRow
from linkxg.errors import ConnectionExists, InvalidState, NotFound, PublicError
from linkxg.network.connections import store
from linkxg.network.connections.confirm_gln import pin_gln
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import MIRRORED, ConnectionView
from linkxg.network.connections.read_connections import view_of
from linkxg.network.connections.write_connection import write_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.visibility_lock import lock_visibility


async def accept_connection(
    database: Database,
    mails: ConnectionMails,
    actor: Actor,
    account_id: str,
    connection_id: str,
    gln: str | None = None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[ConnectionView]:
    """`gln` is the inviter's GLN as the caller was shown it: it is confirmed if the inviter still states it.

    Raises NotFound unless the account is invited, InvalidState or ConnectionExists.
    """

    def make(conn: Connection) -> ConnectionView | PublicError:
        row = lock_incoming(conn, account_id, connection_id)
        if isinstance(row, PublicError):
            return row
        if store.is_connected(conn, account_id, row.partner_id):
            return ConnectionExists()
        connect(conn, actor, account_id, row.partner_id, connection_id, gln)
        return view_of(conn, account_id, connection_id)

    outcome = await write_connection(database, actor, account_id, connection_id, "accept", idempotency_key, gln, make)
    if not outcome.replayed:
        mails.accepted(outcome.value, account_id)
    return outcome


def lock_incoming(conn: Connection, account_id: str, connection_id: str) -> AnyRow | PublicError:
    """The invitee's row of a pending invitation, locked; NotFound to everybody else."""
    store.lock_connection(conn, account_id, connection_id)
    row = store.find_connection(conn, account_id, connection_id)
    if row is None or row.direction != "INCOMING":
        return NotFound()
    store.lock_partners(conn, account_id, row.partner_id)
    lock_visibility(conn, account_id, row.partner_id)
    row = store.find_connection(conn, account_id, connection_id)
    if row is None or row.status != "PENDING" or row.expires_at <= now_ms():
        return InvalidState("The invitation has been answered or withdrawn, or has expired.")
    return row


def connect(
    conn: Connection, actor: Actor, account_id: str, inviter_id: str, connection_id: str, shown_gln: str | None
) -> None:
    """Make the invitation a connection on both sides; both are locked, and the invitation is pending.

    Each side confirms only a GLN that it knows: the invitee the one that it was shown, the inviter the one it invited.
    """
    now = now_ms()
    active = {"status": "ACTIVE", "responded_at": now}
    invited = store.find_connection(conn, inviter_id, connection_id)
    if invited is not None and invited.partner_id not in (None, account_id):
        # By the link, of a person who was in that account when they were invited.
        store.end_pending(conn, invited.partner_id, connection_id, status="EXPIRED", ended_at=now)
    store.end_pending(conn, inviter_id, connection_id, partner_id=account_id, token_digest=None, **active)
    if not store.end_pending(conn, account_id, connection_id, **active):
        _insert_side(conn, account_id, inviter_id, connection_id, now)
    pin_gln(conn, account_id, inviter_id, connection_id, shown_gln)
    pin_gln(conn, inviter_id, account_id, connection_id, None if invited is None else _invited_gln(invited))
    store.expire_invitations(conn, account_id, inviter_id, now)
    own, theirs = {"partner": inviter_id}, {"partner": account_id}
    audit.record_both(conn, actor, account_id, inviter_id, "connection.accepted", connection_id, own, theirs)
    append_all(conn, {inviter_id: [Change("CONNECTION_ACCEPTED", connection_id)]})


def _invited_gln(invited: AnyRow) -> str | None:
    kind, _, value = str(invited.invitee_key).partition(":")
    return value if kind == "gln" else None


def _insert_side(conn: Connection, account_id: str, inviter_id: str, connection_id: str, now: int) -> None:
    """The row of an invitee who was unknown when they were invited, or whose own was closed."""
    made = store.find_connection(conn, inviter_id, connection_id)
    assert made is not None
    values: dict[str, Any] = {
        "partner_id": inviter_id,
        "direction": "INCOMING",
        "relationship": MIRRORED[made.relationship],
    }
    values |= {"message": made.message, "invited_at": made.invited_at, "expires_at": made.expires_at}
    values |= {"status": "ACTIVE", "responded_at": now, "ended_at": None, "ended_by": None, "reason": None}
    if not store.update_connection(conn, account_id, connection_id, **values):
        store.insert_connection(conn, account_id, id=connection_id, **values)
