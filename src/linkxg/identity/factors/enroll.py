"""The set-up of an authenticator app as the first factor during sign-in, where the account requires one.

The challenge of the password opens nothing but this. It never replaces a factor: a person who has one by now has to
sign in with it.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.errors import InvalidToken
from linkxg.identity.accounts.authentication_policy import MFA
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.factors.challenges import (
    MFA_TOKEN_INVALID,
    Completed,
    begin_attempt,
    complete_attempt,
    find_mfa_challenge,
)
from linkxg.identity.factors.change_factors import audit_factor_added, mail_app_added
from linkxg.identity.factors.kinds import has_factor
from linkxg.identity.factors.model import TOTP, Amr, MfaChallenge
from linkxg.identity.factors.recovery_codes import new_recovery_codes, replace_codes
from linkxg.identity.factors.totp import PendingTotp, confirm_pending, find_pending, insert_pending, new_pending_totp


class EnrollmentTotp(NamedTuple):
    """An authenticator app that waits for its first code, and whose it is."""

    pending: PendingTotp
    email: str


async def begin_enrollment(database: Database, server_key: bytes, token: str, *, keep: bool = False) -> EnrollmentTotp:
    """A new secret, in place of an earlier one of this sign-in, unless that is to be kept. Raises InvalidToken."""
    pending = new_pending_totp(server_key)

    def unit(conn: Connection) -> EnrollmentTotp | None:
        challenge = find_enrollment(conn, token)
        if challenge is None:
            return None
        account_id, user_id = challenge.account_id, challenge.user_id
        lock_caller(conn, user_id)
        earlier = find_pending(conn, server_key, account_id, user_id, sign_in_id(challenge)) if keep else None
        if earlier is None:
            insert_pending(conn, account_id, user_id, sign_in_id(challenge), pending)
        return EnrollmentTotp(earlier or pending, challenge.email)

    begun = await database.write(unit)
    if begun is None:
        raise InvalidToken(MFA_TOKEN_INVALID, reason="no such challenge")
    return begun


async def confirm_enrollment(
    database: Database,
    server_key: bytes,
    notices: SecurityNotices,
    actor: Actor,
    *,
    token: str,
    code: str,
    limit_scale: float,
) -> tuple[Completed, list[str]]:
    """Confirm the app by its first code; returns the recovery codes too. Raises as `complete_with_code` does."""
    codes = new_recovery_codes()

    def prove(conn: Connection, challenge: MfaChallenge) -> Amr | None:
        account_id, user_id = challenge.account_id, challenge.user_id
        if has_factor(conn, account_id, user_id):
            return None
        factor_id = confirm_pending(conn, server_key, account_id, user_id, sign_in_id(challenge), code)
        if factor_id is None:
            return None
        finish_enrollment(conn, actor, challenge, details={"factor": factor_id, "method": TOTP}, codes=codes)
        return ("otp", MFA)

    attempt = await begin_attempt(database, actor, token, "enroll", limit_scale=limit_scale)
    completed = await complete_attempt(database, actor, attempt, prove, limit_scale=limit_scale)
    mail_app_added(notices, actor, attempt.challenge.account_id, attempt.challenge.user_id)
    return completed, codes


def finish_enrollment(
    conn: Connection, actor: Actor, challenge: MfaChallenge, *, details: dict[str, Any], codes: list[str]
) -> None:
    """Inside the proof that has added the first factor: `codes` become the person's recovery codes.

    `details` are those of the audit event.
    """
    account_id, user_id = challenge.account_id, challenge.user_id
    replace_codes(conn, account_id, user_id, codes)
    who = actor._replace(kind="user", id=user_id, account_id=account_id, role=challenge.role)
    audit_factor_added(conn, who, account_id, user_id, details)


def sign_in_id(challenge: MfaChallenge) -> str:
    """Names a sign-in that is in progress: a factor whose set-up it begins can be completed in it alone."""
    return challenge.digest.hex()


def find_enrollment(conn: Connection, token: str) -> MfaChallenge | None:
    """The live challenge of a person who has no factor yet."""
    challenge = find_mfa_challenge(conn, token, "enroll")
    if challenge is None or has_factor(conn, challenge.account_id, challenge.user_id):
        return None
    return challenge
