"""Makes a link without mail: for a member by an Owner or Admin, for anybody by the operator.

A new one ends the earlier ones that were made like this.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.crypto.secrets import PASSWORD_RESET, derive, digest, new_secret
from linkxg.db import Database
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.idempotency import IdempotentOutcome, Recorded, RecordedId, Request, new_salt
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import AccessDenied, Conflict, NotFound, PublicError
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.create_account import CLI
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.notice_kinds import PASSWORD_LINK_CREATED
from linkxg.identity.accounts.roles import may_manage
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_user, find_user_by_email
from linkxg.identity.authorization.write_as import write_as, write_once
from linkxg.identity.password_reset import store
from linkxg.identity.password_reset.find_valid import find_valid
from linkxg.identity.password_reset.may_choose_password import may_choose_password
from linkxg.identity.password_reset.model import LIFETIME_MS, IssuedBy, PasswordLink, binding_of
from linkxg.ids import uuid7

PASSWORD_LINKS = Budget("password-links", 60, 3_600)


async def create_link(
    database: Database,
    server_key: bytes,
    notices: SecurityNotices,
    public_url: str,
    actor: Actor,
    account_id: str,
    user_id: str,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[PasswordLink]:
    """A link for a member, who is told by mail. A replay returns the same one while it is valid.

    Raises NotFound, AccessDenied for somebody above the actor, or Conflict for the actor themselves, for a person who
    is disabled or may use no password, and for a replay whose link has ended.
    """
    route = "POST /account/users/{user_id}/password-reset"
    request = Request(account_id, route, idempotency_key, [actor.id, user_id])
    salt, reset_id = new_salt(), uuid7()
    token = _token(server_key, request, salt)

    def make(conn: Connection) -> PasswordLink | PublicError:
        user = find_user(conn, account_id, user_id)
        if user is None:
            return NotFound()
        error = _refusal(conn, actor, user)
        return error or _issue(conn, actor, user, reset_id, token, public_url)

    def recall(conn: Connection, recorded: Recorded) -> PasswordLink | PublicError:
        token = _token(server_key, request, recorded.salt)
        valid = find_valid(conn, digest(token), now_ms())
        if valid is None:
            return Conflict("This request was already answered, but its link has since been used, replaced or expired.")
        return _view(valid.reset.id, valid.user, public_url, token, valid.reset.expires_at)

    outcome = await write_once(
        database, actor, request, make, recall, record=lambda made: RecordedId(made.id), salt=salt
    )
    if not outcome.replayed:
        _mail_link_created(notices, actor, account_id, user_id, "An Owner or Admin of your account")
    return outcome


async def create_operator_link(
    database: Database, notices: SecurityNotices, public_url: str, email: str
) -> PasswordLink:
    """A link for the person of this address. Raises InvalidRequest, NotFound, or Conflict as `create_link` does."""
    key, reset_id, token = email_key(email), uuid7(), new_secret(PASSWORD_RESET)

    def unit(conn: Connection) -> tuple[User, PasswordLink] | PublicError:
        user = find_user_by_email(conn, key)
        if user is None:
            return NotFound("No person has this e-mail address.")
        return _unusable(conn, user) or (user, _issue(conn, CLI, user, reset_id, token, public_url))

    made = value_or_raise(await write_as(database, CLI, unit))
    user, link = made
    _mail_link_created(notices, CLI, user.account_id, user.id, "The operator of this service")
    return link


def _refusal(conn: Connection, actor: Actor, user: User) -> PublicError | None:
    if not may_manage(actor.role, user.role):
        return AccessDenied("Only an Owner can create a password link for an Owner.")
    if user.id == actor.id:
        return Conflict("Change your own password with the current one.")
    return _unusable(conn, user)


def _unusable(conn: Connection, user: User) -> PublicError | None:
    if user.disabled:
        return Conflict("This person is disabled. Enable them first.")
    if not may_choose_password(conn, user):
        return Conflict("This person signs in by the identity provider of the account only.")
    return None


def _issue(conn: Connection, actor: Actor, user: User, reset_id: str, token: str, public_url: str) -> PasswordLink:
    lock_until_commit(conn, f"password reset {user.id}")
    now = now_ms()
    issued_by: IssuedBy = "cli" if actor.kind == "cli" else "user"
    store.expire_issued(conn, user.account_id, user.id, now)
    store.insert_reset(
        conn,
        user.account_id,
        id=reset_id,
        digest=digest(token),
        user_id=user.id,
        user_epoch=user.epoch,
        binding=binding_of(user),
        issued_by=issued_by,
        issuer_id=actor.id,
        issuer_epoch=actor.epoch,
        created_at=now,
        expires_at=now + LIFETIME_MS,
    )
    audit.record(conn, user.account_id, actor, "password.link_created", user.id, {"reset": reset_id})
    return _view(reset_id, user, public_url, token, now + LIFETIME_MS)


def _token(server_key: bytes, request: Request, salt: bytes) -> str:
    """Derived, like client secrets, so that it can be returned again (decision 0008)."""
    return new_secret(PASSWORD_RESET, derive(server_key, "password reset", *request.salted(salt)))


def _view(reset_id: str, user: User, public_url: str, token: str, expires_at: int) -> PasswordLink:
    return PasswordLink(reset_id, user.email, f"{public_url}/password-reset/{token}", rfc3339(expires_at))


def _mail_link_created(notices: SecurityNotices, actor: Actor, account_id: str, user_id: str, who: str) -> None:
    what = f"{who} made a link with which your LinkXG password can be changed. It works once, within 30 minutes."
    notices.person(
        actor, account_id, user_id, "A link to change your password was made", what, kind=PASSWORD_LINK_CREATED
    )
