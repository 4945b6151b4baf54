"""Adds and removes the caller's own factors, and replaces their recovery codes.

Routes let only a recent authentication in (`step_up.py`). A change of the factors ends the other sessions of the person
(OWASP ASVS 7.4.3), and they are told by mail.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import Conflict, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.authentication_policy import MFA, required_from
from linkxg.identity.accounts.mail_text import shown
from linkxg.identity.accounts.notice_kinds import FACTOR_ADDED, FACTOR_REMOVED, RECOVERY_CODES_REPLACED
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.accounts.store import find_account, find_user
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.factors.kinds import delete_factor, has_factor, list_factors
from linkxg.identity.factors.model import TOTP, Factors, FactorView
from linkxg.identity.factors.recovery_codes import count_recovery_codes, new_recovery_codes, replace_codes
from linkxg.identity.factors.totp import PendingTotp, confirm_pending, find_pending, insert_pending, new_pending_totp
from linkxg.identity.factors.totp_store import find_totp
from linkxg.identity.sessions.end_sessions import end_other_sessions
from linkxg.identity.sessions.record_authentication import find_session_identity, record_authentication

FACTOR_CHANGES = Budget("factors", 60, 3_600)
LAST_FACTOR = "The account requires a second factor of your role: add another one first."
_WRONG = ValidationFailed(
    "The code is incorrect, or the set-up has expired.",
    details=[{"field": "code", "code": "incorrect", "message": "The code is incorrect, or the set-up has expired."}],
)


class _Confirmed(NamedTuple):
    recovery_codes: list[str] | None
    """Those of a person who had none."""
    replaces: bool


async def read_factors(database: Database, account_id: str, user_id: str) -> Factors:
    def unit(conn: Connection) -> Factors:
        since = _required_from(conn, account_id, user_id)
        left = count_recovery_codes(conn, account_id, user_id)
        return Factors(list_factors(conn, account_id, user_id), left, since is not None and since <= now_ms())

    return await database.read(unit)


async def must_keep_factor(database: Database, account_id: str, user_id: str) -> bool:
    """Whether the person has one factor alone and needs it; for pages, before anything is asked."""

    def unit(conn: Connection) -> bool:
        return _must_keep(conn, account_id, user_id, list_factors(conn, account_id, user_id))

    return await database.read(unit)


async def begin_totp(
    database: Database, server_key: bytes, actor: Actor, account_id: str, user_id: str
) -> tuple[PendingTotp, str]:
    """A new secret that waits for its first code, and the person's address, by which the app names it."""
    pending = new_pending_totp(server_key)

    def unit(conn: Connection) -> str:
        insert_pending(conn, account_id, user_id, actor.session_id or "", pending)
        user = find_user(conn, account_id, user_id)
        return "" if user is None else user.email

    return pending, await revoke_as(database, actor, account_id, unit)


async def read_pending_totp(
    database: Database, server_key: bytes, actor: Actor, account_id: str, user_id: str
) -> PendingTotp | None:
    """The app that waits in this session for its first code, for a page that shows it again after a wrong one."""
    return await database.read(find_pending, server_key, account_id, user_id, actor.session_id or "")


async def confirm_totp(
    database: Database,
    server_key: bytes,
    notices: SecurityNotices,
    actor: Actor,
    account_id: str,
    user_id: str,
    code: str,
) -> list[str] | None:
    """Confirm the app by its first code; it replaces an earlier one. Returns recovery codes if the person has none.

    Raises ValidationFailed for a wrong code.
    """
    codes = new_recovery_codes()

    def unit(conn: Connection) -> _Confirmed | PublicError:
        earlier = find_totp(conn, account_id, user_id)
        factor_id = confirm_pending(conn, server_key, account_id, user_id, actor.session_id or "", code)
        if factor_id is None:
            return _WRONG
        if earlier is not None:
            details = {"factor": earlier.id, "method": TOTP, "replaced_by": factor_id}
            audit.record(conn, account_id, actor, "factor.removed", user_id, details)
        details = {"factor": factor_id, "method": TOTP}
        fresh = finish_factor_setup(conn, actor, account_id, user_id, amr=("otp", MFA), details=details, codes=codes)
        return _Confirmed(fresh, earlier is not None)

    confirmed = value_or_raise(await revoke_as(database, actor, account_id, unit))
    mail_app_added(notices, actor, account_id, user_id, replaces=confirmed.replaces)
    return confirmed.recovery_codes


def mail_app_added(
    notices: SecurityNotices, actor: Actor, account_id: str, user_id: str, *, replaces: bool = False
) -> None:
    what = "An authenticator app was added to your sign-in."
    if replaces:
        what += " It replaces the earlier one, whose codes no longer work."
    notices.person(actor, account_id, user_id, "Authenticator app added", what, kind=FACTOR_ADDED)


def finish_factor_setup(
    conn: Connection,
    actor: Actor,
    account_id: str,
    user_id: str,
    *,
    amr: tuple[str, ...],
    details: dict[str, Any],
    codes: list[str],
) -> list[str] | None:
    """Inside the unit that has added a factor in a session; returns `codes` if they became the person's recovery codes.

    The actor's session states the methods of the new factor, `amr`, too; the others end. `details` are those of the
    audit event.
    """
    fresh = _issue_first_recovery_codes(conn, account_id, user_id, codes)
    keep = actor.session_id or ""
    end_other_sessions(conn, actor, account_id, user_id, keep, "factor added")
    session = find_session_identity(conn, account_id, keep)
    if session is not None:
        # What has authenticated the session, such as an identity provider, still has.
        record_authentication(conn, account_id, keep, tuple(dict.fromkeys((*session.amr.split(), *amr))))
    audit_factor_added(conn, actor, account_id, user_id, details)
    return fresh


def _issue_first_recovery_codes(conn: Connection, account_id: str, user_id: str, codes: list[str]) -> list[str] | None:
    """`codes` become those of a person who has none left; None for everybody else, who keeps theirs."""
    if count_recovery_codes(conn, account_id, user_id):
        return None
    replace_codes(conn, account_id, user_id, codes)
    return codes


def audit_factor_added(conn: Connection, actor: Actor, account_id: str, user_id: str, details: dict[str, Any]) -> None:
    audit.record(conn, account_id, actor, "factor.added", user_id, details)


async def new_codes(
    database: Database, notices: SecurityNotices, actor: Actor, account_id: str, user_id: str
) -> list[str]:
    """New recovery codes; the earlier ones are invalid. Raises Conflict without a factor."""
    codes = new_recovery_codes()

    def unit(conn: Connection) -> PublicError | None:
        if not has_factor(conn, account_id, user_id):
            return Conflict("Set up a second factor first.")
        replace_codes(conn, account_id, user_id, codes)
        audit.record(conn, account_id, actor, "recovery_codes.replaced", user_id)
        return None

    error = await revoke_as(database, actor, account_id, unit)
    if error is not None:
        raise error
    what = "Your recovery codes were replaced. The earlier ones are invalid."
    notices.person(actor, account_id, user_id, "Recovery codes replaced", what, kind=RECOVERY_CODES_REPLACED)
    return codes


async def remove_factor(
    database: Database, notices: SecurityNotices, actor: Actor, account_id: str, user_id: str, factor_id: str
) -> None:
    """Raises NotFound, or Conflict for the last factor of a person who needs one."""

    def unit(conn: Connection) -> str | PublicError:
        factors = list_factors(conn, account_id, user_id)
        if all(factor.id != factor_id for factor in factors):
            return NotFound()
        if _must_keep(conn, account_id, user_id, factors):
            return Conflict(LAST_FACTOR)
        method = delete_factor(conn, account_id, user_id, factor_id)
        end_other_sessions(conn, actor, account_id, user_id, actor.session_id or "", "factor removed")
        audit.record(conn, account_id, actor, "factor.removed", user_id, {"factor": factor_id, "method": method})
        return _describe(next(factor for factor in factors if factor.id == factor_id))

    removed = value_or_raise(await revoke_as(database, actor, account_id, unit))
    what = f"{removed} was removed from your sign-in."
    notices.person(actor, account_id, user_id, "Second factor removed", what, kind=FACTOR_REMOVED)


def _describe(factor: FactorView) -> str:
    return "An authenticator app" if factor.method == TOTP else f"The passkey “{shown(factor.name)}”"


def _must_keep(conn: Connection, account_id: str, user_id: str, factors: list[FactorView]) -> bool:
    return len(factors) == 1 and _required_from(conn, account_id, user_id) is not None


def _required_from(conn: Connection, account_id: str, user_id: str) -> int | None:
    account, user = find_account(conn, account_id), find_user(conn, account_id, user_id)
    if account is None or user is None:
        return None
    return required_from(account.mfa_requirement, account.mfa_required_from, user.role)
