"""Invites another account, or a company that has none yet, to connect.

The answer, the statements and their time are the same whether or not the invitee exists.
"""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import DAY, now_ms
from linkxg.crypto.secrets import INVITATION, derive, digest, new_secret
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, RecordedId, Request, new_salt
from linkxg.errors import Conflict, ConnectionExists, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import fault
from linkxg.identity.accounts.slug_store import find_account_by_slug
from linkxg.identity.accounts.store import find_account, find_account_by_gln, find_user_by_email
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import uuid7
from linkxg.network.connections import store
from linkxg.network.connections.check_invitation import Invitee, check_invitation
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import (
    LIFETIME_MS,
    MAX_PENDING,
    MAX_SAME_INVITATIONS,
    MIRRORED,
    ConnectionView,
    InvitedConnection,
    InvitePartner,
)
from linkxg.network.connections.partner_side import write_partner_side
from linkxg.network.connections.read_connections import view_of
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.visibility_lock import lock_visibility

INVITATIONS = Budget("connection-invitations", 200, 3_600)


class _Made(NamedTuple):
    view: ConnectionView
    token: str
    inviter: str
    partner_id: str | None


async def invite_partner(
    database: Database,
    server_key: bytes,
    mails: ConnectionMails,
    public_url: str,
    actor: Actor,
    account_id: str,
    given: InvitePartner,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[InvitedConnection]:
    """Raises ValidationFailed with every fault, ConnectionExists, Conflict (too many), or IdempotencyKeyReused."""
    invitee, relationship = check_invitation(given)
    content = [actor.id, invitee.key, invitee.text, relationship, given.message]
    request, salt = Request(account_id, "POST /connections", idempotency_key, content), new_salt()
    connection_id = uuid7()
    token = _token(server_key, request, salt)

    def make(conn: Connection) -> _Made | PublicError:
        # One invitation at a time, so that they are counted exactly.
        store.lock_connection(conn, account_id, f"invitations of {account_id}")
        found = _resolve(conn, invitee)
        account = find_account(conn, account_id)
        assert account is not None
        if found == account_id or (invitee.kind, invitee.value) in (("slug", account.slug), ("gln", account.gln)):
            return _self_connection(invitee)
        is_connected = store.is_connected(conn, account_id, found or account_id)
        partner_id = None if is_connected else found
        lock_visibility(conn, account_id, partner_id)
        now = now_ms()
        if refused := _refusal(conn, account_id, invitee, now):
            return refused
        common = {"id": connection_id, "status": "PENDING", "message": given.message, "invited_at": now}
        common["expires_at"] = now + LIFETIME_MS
        store.insert_connection(
            conn, account_id, partner_id=partner_id, direction="OUTGOING", relationship=relationship,
            invitee=invitee.text, invitee_key=invitee.key, invited_by=actor.id,
            token_digest=digest(token) if invitee.kind == "email" else None, **common,
        )  # fmt: skip
        details = {"invitee": invitee.text, "relationship": relationship}
        audit.record(conn, account_id, actor, "connection.invited", connection_id, details)

        def deliver(partner: str) -> bool:
            theirs = MIRRORED[relationship]
            row_id = connection_id if partner_id else uuid7()
            store.insert_connection(
                conn, partner, partner_id=account_id, direction="INCOMING", relationship=theirs,
                **common | {"id": row_id},
            )  # fmt: skip
            audit.record(
                conn, partner, actor.as_partner(), "connection.invited", connection_id, {"relationship": theirs}
            )
            append_all(conn, {partner: [Change("CONNECTION_INVITED", connection_id)]})
            return True

        write_partner_side(conn, account_id, partner_id, deliver)
        view = view_of(conn, account_id, connection_id)
        return view if isinstance(view, NotFound) else _Made(view, token, account.name, partner_id)

    def recall(conn: Connection, recorded: Recorded) -> _Made | PublicError:
        view = view_of(conn, account_id, recorded.read(RecordedId).id)
        token = _token(server_key, request, recorded.salt)
        return view if isinstance(view, NotFound) else _Made(view, token, "", None)

    made, replayed = await write_once(
        database, actor, request, make, recall, record=lambda made: RecordedId(made.view.id), salt=salt
    )
    is_mailed = invitee.kind == "email"
    link = f"{public_url}/connections/invitations/{made.token}" if is_mailed else None
    if not replayed:
        mails.invited(invitee, account_id, made.partner_id, made.inviter, link)
    answer = InvitedConnection(
        **msgspec.structs.asdict(made.view),
        link=None if mails.enabled else link,
        link_creates_account=is_mailed and mails.link_creates_account,
    )
    return IdempotentOutcome(answer, replayed)


def _token(server_key: bytes, request: Request, salt: bytes) -> str:
    """Derived, so that a replay returns it again (decision 0008)."""
    return new_secret(INVITATION, derive(server_key, "connection invitation", *request.salted(salt)))


def _resolve(conn: Connection, invitee: Invitee) -> str | None:
    """The account that is meant, in one statement of each kind."""
    if invitee.kind == "slug":
        return find_account_by_slug(conn, invitee.value)
    if invitee.kind == "gln":
        return find_account_by_gln(conn, invitee.value)
    user = find_user_by_email(conn, invitee.value)
    return None if user is None or user.disabled else user.account_id


def _refusal(conn: Connection, account_id: str, invitee: Invitee, now: int) -> PublicError | None:
    """Only for what the inviter can see: never because of a person of a partner."""
    store.expire_same_invitation(conn, account_id, invitee.key, now)
    if store.has_invited(conn, account_id, invitee.key):
        return ConnectionExists()
    named = {invitee.kind: invitee.value}
    if invitee.kind != "email" and store.is_known_partner(conn, account_id, now, **named):
        return ConnectionExists()
    if store.count_invitations(conn, account_id, invitee.key, now - DAY) >= MAX_SAME_INVITATIONS:
        return Conflict(
            f"This company was invited {MAX_SAME_INVITATIONS} times within a day; invite it again tomorrow."
        )
    if store.count_pending(conn, account_id, now) >= MAX_PENDING:
        return Conflict(f"At most {MAX_PENDING} invitations can wait for an answer; withdraw some first.")
    return None


def _self_connection(invitee: Invitee) -> ValidationFailed:
    field, message = f"invitee{invitee.kind.capitalize()}", "This is your own account."
    return ValidationFailed(details=[fault(field, message, "self_connection")])
