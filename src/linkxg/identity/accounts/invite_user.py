"""Invitations: created and withdrawn by an Owner or Admin, accepted by a one-time link."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import DAY, now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.crypto.secrets import INVITATION, derive, digest, is_well_formed, new_secret
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request, new_salt
from linkxg.db.outcomes import value_or_raise
from linkxg.db.schema import AnyRow
from linkxg.errors import AccessDenied, Conflict, NotFound, PublicError
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts import store
from linkxg.identity.accounts.break_glass_store import is_sso_only
from linkxg.identity.accounts.mail_text import label_of
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.one_time_link import dead_link
from linkxg.identity.accounts.password_rules import check_new_password
from linkxg.identity.accounts.people_limit import refuse_beyond_limit
from linkxg.identity.accounts.profile import check_person_name
from linkxg.identity.accounts.roles import Role, may_manage
from linkxg.identity.authorization.write_as import write_as, write_once
from linkxg.ids import uuid7

INVITATIONS = Budget("invitations", 200, 3_600)
ACCEPTS = Budget("invitations-source", 60, 60)
LIFETIME_MS = 7 * DAY


class Invitation(NamedTuple):
    """`token` is the secret part of the link; only its digest is stored."""

    id: str
    token: str
    account_name: str
    inviter: str
    """By name and address, as mails show it."""
    expires_at: int
    user_email: str | None
    """The address of the person of another account who has it, if any: they get no link, the inviter no hint."""
    replaced: bool
    """Whether an earlier invitation of the address has ended with it."""


class RecordedInvitation(msgspec.Struct):
    """The idempotency record; `mailed` is null until the mail server has accepted or refused the mail."""

    id: str
    mailed: bool | None = False
    replaced: bool = False


def invitation_request(
    actor: Actor, account_id: str, email: str, role: Role, idempotency_key: str | None = None
) -> Request:
    return Request(account_id, "POST /account/users", idempotency_key, [actor.id, email, role])


async def invite_user(
    database: Database,
    server_key: bytes,
    actor: Actor,
    request: Request,
    *,
    email: str,
    role: Role,
    mailed: bool | None = False,
) -> IdempotentOutcome[Invitation]:
    """Create an invitation, and record `mailed`. A replay of `request` returns the same one while it is live.

    An address that is in use in another account is invited like any other: the same rows are written.
    Raises InvalidRequest for an invalid address, AccessDenied for a role above the actor's, Conflict when the person is
    in this account, the account is full or the replayed invitation has ended, or IdempotencyKeyReused.
    """
    key, account_id = email_key(email), request.account_id
    if not may_manage(actor.role, role):
        raise AccessDenied("Only an Owner can invite an Owner.")
    salt, now = new_salt(), now_ms()
    token = _token(server_key, request, salt)
    invitation_id, expires_at = uuid7(), now + LIFETIME_MS

    def make(conn: Connection) -> Invitation | Conflict:
        user = store.find_user_by_email(conn, key)
        if user is not None and user.account_id == account_id:
            return Conflict("Somebody in your account has this e-mail address.")
        replaced = store.expire_invitations(conn, account_id, key, now)
        refused = refuse_beyond_limit(conn, account_id, inviting=True)
        if refused is not None:
            return refused
        store.insert_invitation(
            conn,
            account_id,
            id=invitation_id,
            digest=digest(token),
            email=email,
            email_key=key,
            role=role,
            invited_by=actor.id,
            created_at=now,
            expires_at=expires_at,
        )
        audit.record(conn, account_id, actor, "user.invited", invitation_id, {"email": email, "role": role})
        inviter = _inviter(conn, account_id, str(actor.id))
        elsewhere = None if user is None else user.email
        name = _account_name(conn, account_id)
        return Invitation(invitation_id, token, name, inviter, expires_at, elsewhere, replaced)

    def recall(conn: Connection, recorded: Recorded) -> Invitation | Conflict:
        token = _token(server_key, request, recorded.salt)
        found = store.find_invitation(conn, digest(token), now)
        if found is None:
            return Conflict(
                "This request was already answered, but its invitation has since been accepted, withdrawn or replaced."
            )
        inviter = _inviter(conn, account_id, found.invited_by)
        name, replaced = _account_name(conn, account_id), recorded.read(RecordedInvitation).replaced
        # A replay mails nothing.
        return Invitation(found.id, token, name, inviter, found.expires_at, None, replaced)

    return await write_once(
        database,
        actor,
        request,
        make,
        recall,
        record=lambda made: RecordedInvitation(made.id, mailed, made.replaced),
        salt=salt,
    )


def _token(server_key: bytes, request: Request, salt: bytes) -> str:
    """Derived, like client secrets, so that it can be returned again (decision 0008)."""
    return new_secret(INVITATION, derive(server_key, "invitation", *request.salted(salt)))


def _account_name(conn: Connection, account_id: str) -> str:
    account = store.find_account(conn, account_id)
    return str(account.name) if account else ""


def _inviter(conn: Connection, account_id: str, user_id: str) -> str:
    user = store.find_user(conn, account_id, user_id)
    return "Somebody" if user is None else label_of(user)


async def accept_invitation(
    database: Database, passwords: Passwords, actor: Actor, *, token: str, password: str, name: str | None = None
) -> User:
    """Create the person who was invited.

    Raises NotFound for a token that is wrong, used, expired, or of an inviter who may no longer invite this role;
    ValidationFailed for the name or the password; TooManyPeople, or EmailInUse if somebody of any account has the
    address, and the link stays valid.
    """
    if not is_well_formed(token, INVITATION):
        raise dead_link()
    key = digest(token)
    found = await database.read(_find, key)
    if found is None:
        raise dead_link()
    shown_name = check_person_name(name) if name is not None else None
    check_new_password(password, *found)
    password_hash = await passwords.hash(password)

    def unit(conn: Connection) -> User | PublicError | None:
        now = now_ms()
        invitation = store.find_invitation(conn, key, now)
        if invitation is None:
            return None
        # Joining uses the inviter's rights: wait for a concurrent change of them, then check.
        lock_caller(conn, invitation.invited_by, shared=True)
        if not _is_valid(conn, invitation):
            return None
        refused = refuse_beyond_limit(conn, invitation.account_id)
        if refused is not None:
            return refused
        is_free = store.claim_email(conn, invitation.email_key)
        if store.find_invitation(conn, key, now) is None:
            return None
        if not is_free:
            return EmailInUse()
        if store.redeem_invitation(conn, key, now) is None:
            return None
        user_id = uuid7()
        joined = store.insert_user(
            conn,
            invitation.account_id,
            id=user_id,
            email=invitation.email,
            email_key=invitation.email_key,
            role=invitation.role,
            password_hash=password_hash,
            created_at=now,
            name=shown_name,
        )
        if not joined:
            return None
        who = actor._replace(kind="user", id=user_id, account_id=invitation.account_id)
        audit.record(conn, invitation.account_id, who, "user.joined", user_id, {"invitation": invitation.id})
        return store.find_user(conn, invitation.account_id, user_id)

    user = await database.write(unit)
    if user is None:
        raise dead_link()
    return value_or_raise(user)


class EmailInUse(Conflict):
    """409, until the person leaves the account that has the address, or another address is invited."""

    text = "This e-mail address signs in already. Ask whoever invited you for an invitation of another address."


class PendingInvitation(NamedTuple):
    """An invitation that has not been accepted; times in milliseconds."""

    id: str
    email: str
    role: Role
    created_at: int
    expires_at: int


async def list_invitations(database: Database, account_id: str) -> list[PendingInvitation]:
    """The live ones, newest first."""
    rows = await database.read_single(store.list_invitations, account_id, now_ms())
    return [PendingInvitation(row.id, row.email, row.role, row.created_at, row.expires_at) for row in rows]


async def withdraw_invitation(database: Database, actor: Actor, account_id: str, invitation_id: str) -> None:
    """Invalidate the link. Raises NotFound if the invitation has ended."""

    if not await write_as(database, actor, end_invitation, actor, account_id, invitation_id):
        raise NotFound


def end_invitation(conn: Connection, actor: Actor, account_id: str, invitation_id: str) -> bool:
    """Inside a unit of work: false if the invitation has ended."""
    withdrawn = store.withdraw_invitation(conn, account_id, invitation_id, now_ms())
    if withdrawn is None:
        return False
    audit.record(conn, account_id, actor, "invitation.withdrawn", invitation_id, {"email": withdrawn.email})
    return True


class InvitationView(NamedTuple):
    """What the holder of an invitation link may see."""

    account_name: str
    email: str


async def read_invitation(database: Database, token: str) -> InvitationView:
    """Raises NotFound as `accept_invitation` does."""
    found = await database.read(_find, digest(token)) if is_well_formed(token, INVITATION) else None
    if found is None:
        raise dead_link()
    return InvitationView(*found)


async def find_replacement(database: Database, token: str) -> int | None:
    """For the page of a link that does not work: when the live invitation was made that has replaced it."""

    def unit(conn: Connection) -> int | None:
        newer = store.find_newer_invitation(conn, digest(token), now_ms())
        return int(newer.created_at) if newer is not None and _is_valid(conn, newer) else None

    return await database.read(unit) if is_well_formed(token, INVITATION) else None


def _find(conn: Connection, key: bytes) -> tuple[str, str] | None:
    invitation = store.find_invitation(conn, key, now_ms())
    if invitation is None or not _is_valid(conn, invitation):
        return None
    return _account_name(conn, invitation.account_id), str(invitation.email)


def _is_valid(conn: Connection, invitation: AnyRow) -> bool:
    """Whether people join by invitations, and the inviter still exists, is enabled, and may invite this role."""
    if is_sso_only(conn, invitation.account_id):
        return False
    inviter = store.find_user(conn, invitation.account_id, invitation.invited_by)
    return inviter is not None and not inviter.disabled and may_manage(inviter.role, invitation.role)
