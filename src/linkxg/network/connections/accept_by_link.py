"""Accepts an invitation by the link in its mail, which works once.

A person with the invited address accepts for their account; whoever has no account creates one, in one transaction.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.crypto.secrets import INVITATION, digest, is_well_formed
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.db.schema import AnyRow
from linkxg.errors import (
    AccessDenied,
    Conflict,
    ConnectionExists,
    PublicError,
)
from linkxg.identity.accounts.create_account import EMAIL_IN_USE, NewOwner, add_account, check_new_account
from linkxg.identity.accounts.one_time_link import dead_link
from linkxg.identity.accounts.roles import ADMINISTRATORS
from linkxg.identity.accounts.store import find_account, find_user_by_email
from linkxg.identity.authorization.write_as import write_as
from linkxg.identity.sign_up.model import SignUpMode
from linkxg.ids import uuid7
from linkxg.network.connections import store
from linkxg.network.connections.accept import connect
from linkxg.network.connections.mails import ConnectionMails
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.read_connections import view_of
from linkxg.network.feed.visibility_lock import lock_visibility


class LinkedInvitation(NamedTuple):
    """What the holder of the link may see.

    `has_account` is only for those who got the link by mail, as they read the mailbox of the address.
    """

    inviter: str
    gln: str | None
    email: str
    has_account: bool


async def read_linked_invitation(database: Database, token: str) -> LinkedInvitation:
    """Raises NotFound for a token that is wrong, used, withdrawn or expired."""

    def unit(conn: Connection) -> LinkedInvitation | None:
        row = store.find_by_token(conn, digest(token), now_ms())
        if row is None:
            return None
        inviter, user = find_account(conn, row.account_id), find_user_by_email(conn, _key(row))
        name, gln = ("", None) if inviter is None else (inviter.name, inviter.gln)
        return LinkedInvitation(name, gln, row.invitee, user is not None)

    found = await database.read(unit) if is_well_formed(token, INVITATION) else None
    if found is None:
        raise dead_link()
    return found


async def accept_link(
    database: Database, mails: ConnectionMails, actor: Actor, account_id: str, token: str, gln: str | None = None
) -> ConnectionView:
    """For the account of a signed-in Owner or Admin who has the invited address; `gln` as in `accept_connection`.

    Raises NotFound as `read_linked_invitation` does, AccessDenied for another person, ConnectionExists, or Conflict if
    the account is the inviter's own or was connected since the invitation.
    """

    def unit(conn: Connection) -> ConnectionView | PublicError:
        row = _lock(conn, account_id, token)
        if row is None:
            return dead_link()
        user = find_user_by_email(conn, _key(row))
        if actor.kind != "user" or user is None or user.id != actor.id or user.role not in ADMINISTRATORS:
            return AccessDenied("Only an Owner or Admin with the invited e-mail address can accept this invitation.")
        if row.account_id == account_id:
            return Conflict("This invitation was sent by your own company.")
        if store.is_connected(conn, account_id, row.account_id):
            return ConnectionExists()
        if store.has_disconnected(conn, account_id, row.account_id, since=row.invited_at):
            return Conflict("Your connection with this company has ended since it sent this invitation.")
        connect(conn, actor, account_id, row.account_id, row.id, gln)
        return view_of(conn, account_id, row.id)

    if not is_well_formed(token, INVITATION):
        raise dead_link()
    outcome = value_or_raise(await write_as(database, actor, unit))
    mails.accepted(outcome, account_id)
    return outcome


async def accept_link_with_new_account(
    database: Database, passwords: Passwords, mails: ConnectionMails, mode: SignUpMode, actor: Actor, *,
    token: str, name: str, password: str, gln: str | None = None,
) -> ConnectionView:  # fmt: skip
    """Create an account with the invited person as its Owner, connected to the inviter.

    `gln` is as in `accept_connection`.

    Raises SignUpDisabled, NotFound as `read_linked_invitation` does, ValidationFailed for name and password, or
    Conflict if the person has an account.
    """
    mode.require_invitation()
    invitation = await read_linked_invitation(database, token)
    check_new_account(name, password, invitation.email)
    password_hash = await passwords.hash(password)
    account_id, owner_id = uuid7(), uuid7()
    who = actor._replace(kind="user", id=owner_id, account_id=account_id)

    def unit(conn: Connection) -> ConnectionView | PublicError:
        row = _lock(conn, account_id, token)
        if row is None:
            return dead_link()
        owner = NewOwner(owner_id, row.invitee, _key(row), password_hash)
        if not add_account(conn, account_id, who, name, owner):
            return Conflict(f"{EMAIL_IN_USE} Sign in to accept the invitation.")
        connect(conn, who, account_id, row.account_id, row.id, gln)
        return view_of(conn, account_id, row.id)

    outcome = value_or_raise(await database.write(unit))
    mails.accepted(outcome, account_id)
    return outcome


def _lock(conn: Connection, account_id: str, token: str) -> AnyRow | None:
    """The inviter's row of a live invitation, with the locks of a connection."""
    found = store.find_by_token(conn, digest(token), now_ms())
    if found is None:
        return None
    store.lock_connection(conn, account_id, found.id)
    store.lock_partners(conn, account_id, found.account_id)
    lock_visibility(conn, account_id, found.account_id)
    return store.find_by_token(conn, digest(token), now_ms())


def _key(row: AnyRow) -> str:
    """The key of the invited address."""
    return str(row.invitee_key).removeprefix("email:")
