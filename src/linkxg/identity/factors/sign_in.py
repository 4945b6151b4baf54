"""Sign-in in two steps: a password, and the second factor of people who have one.

`start_session` refuses a person with a factor whose session would have none, and one of whom the account requires it:
here the refusal becomes a challenge.
"""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import InvalidCredentials, MfaEnrollmentRequired, MfaRequired
from linkxg.identity.accounts.authentication_policy import MFA
from linkxg.identity.accounts.notice_kinds import RECOVERY_CODE_USED
from linkxg.identity.accounts.rehash_password import rehash_password
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.factors.challenges import Completed, Proof, begin_attempt, begin_mfa_challenge, complete_attempt
from linkxg.identity.factors.model import PASSKEY, RECOVERY_CODE, TOTP, Amr, MfaChallenge, Purpose
from linkxg.identity.factors.recovery_codes import count_recovery_codes, use_recovery_code
from linkxg.identity.factors.totp import use_totp_code
from linkxg.identity.sessions.login import PASSWORD, Authentication, NewSession, start_session, verify_password
from linkxg.identity.sessions.model import SessionIdentity

GRANT = "password"
"""What the metrics call sign-ins that begin with a password."""
_NOT_YOU = (
    "If this was not you, somebody knows your password and your recovery codes: change the password, replace the "
    "codes, and tell an Owner of your account."
)


async def sign_in(
    database: Database,
    passwords: Passwords,
    actor: Actor,
    new: NewSession,
    *,
    email: str,
    password: str,
    limit_scale: float,
) -> SessionIdentity:
    """Start `new`, a session with a password alone. Raises as `verify_password` does, MfaRequired with a challenge, or
    MfaEnrollmentRequired with one that opens the set-up of a factor.
    """
    authentication = await verify_password(
        database, passwords, actor, email=email, password=password, limit_scale=limit_scale
    )
    try:
        return await start_session(database, actor, authentication, new)
    except MfaEnrollmentRequired:
        purpose: Purpose = "enroll"
    except MfaRequired:
        purpose = "sign_in"
    raise await begin_second_step(database, authentication, purpose)


async def begin_second_step(
    database: Database, authentication: Authentication, purpose: Purpose, *, session_id: str | None = None
) -> MfaRequired:
    """What asks for the second step. The attempt at the password stays counted until that is completed.

    Raises InvalidCredentials if the person has changed since.
    """
    user, rehashed = authentication.user, authentication.rehashed

    def unit(conn: Connection) -> MfaRequired | InvalidCredentials:
        current = rehash_password(conn, user, rehashed)
        begun = begin_mfa_challenge(conn, current, purpose, session_id=session_id)
        if begun is None:
            return InvalidCredentials(reason="changed while signing in")
        if purpose == "enroll":
            return MfaEnrollmentRequired(begun.token, [TOTP, PASSKEY])
        return MfaRequired(begun.token, begun.methods)

    outcome = await database.write(unit)
    if isinstance(outcome, InvalidCredentials):
        raise outcome
    return outcome


async def complete_with_code(
    database: Database,
    server_key: bytes,
    notices: SecurityNotices,
    actor: Actor,
    *,
    token: str,
    purpose: Purpose,
    method: str,
    code: str,
    limit_scale: float,
    session_id: str | None = None,
) -> Completed:
    """Check the code of a challenge. The person is told by mail of a recovery code that was used.

    Raises InvalidToken, InvalidCredentials or RateLimitExceeded.
    """
    attempt = await begin_attempt(database, actor, token, purpose, session_id=session_id, limit_scale=limit_scale)
    proof = code_proof(server_key, method, code)
    completed = await complete_attempt(database, actor, attempt, proof, limit_scale=limit_scale)
    if method == RECOVERY_CODE:
        mail_recovery_code_used(notices, actor, attempt.challenge.account_id, attempt.challenge.user_id)
    return completed


def mail_recovery_code_used(notices: SecurityNotices, actor: Actor, account_id: str, user_id: str) -> None:
    def what(conn: Connection) -> str:
        left = count_recovery_codes(conn, account_id, user_id)
        codes = "1 recovery code is" if left == 1 else f"{left or 'No'} recovery codes are"
        return (
            "One of your recovery codes was used, in place of your second factor. It cannot be used again. "
            f"{codes} left. If you have lost your authenticator app or passkey, remove it and set up a new one; new "
            "recovery codes are under Account, Sign-in security."
        )

    notices.person(
        actor, account_id, user_id, "A recovery code was used", what, kind=RECOVERY_CODE_USED, advice=_NOT_YOU
    )


async def start_completed(database: Database, actor: Actor, completed: Completed, new: NewSession) -> SessionIdentity:
    """Start a session whose second step is completed."""
    amr = PASSWORD + completed.amr
    return await start_session(database, actor, completed.authentication, new._replace(amr=amr))


def code_proof(server_key: bytes, method: str, code: str) -> Proof:
    """The proof by a code of an authenticator app, or by a recovery code."""

    def prove(conn: Connection, challenge: MfaChallenge) -> Amr | None:
        account_id, user_id = challenge.account_id, challenge.user_id
        if method == TOTP and use_totp_code(conn, server_key, account_id, user_id, code):
            return ("otp", MFA)
        if method == RECOVERY_CODE and use_recovery_code(conn, account_id, user_id, code):
            return (MFA,)
        return None

    return prove
