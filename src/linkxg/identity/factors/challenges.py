"""Challenges: the first step of a sign-in (or step-up), whose password was correct, and its completion.

A challenge is one random token, of which the digest is stored: five minutes, single use, at most five wrong codes, and
only for the person as they were when they gave the password. Codes are guessed at against a throttle of their own, per
person and source, which neither a correct password nor a new challenge resets. An attempt is counted, and committed,
before its code is checked.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.secrets import MFA_TOKEN, constant_time_equal, digest, is_well_formed, new_secret
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import InvalidCredentials, InvalidToken, PublicError, RateLimitExceeded
from linkxg.http.rate_limits import Budget
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.store import find_user
from linkxg.identity.factors import challenge_store
from linkxg.identity.factors.kinds import list_methods
from linkxg.identity.factors.model import MAX_FAILURES, MFA_TOKEN_MS, Amr, MfaChallenge, Purpose
from linkxg.identity.sessions.end_sessions import end_other_sessions
from linkxg.identity.sessions.login import Authentication
from linkxg.identity.sessions.throttle import Throttle, throttle_of

MFA_ATTEMPTS = Budget("mfa-source", 60, 60)
MFA_TOKEN_INVALID = "The mfaToken is expired, malformed or used. Sign in again."  # noqa: S105
Proof = Callable[[Connection, MfaChallenge], Amr | None]
"""Checks and uses up a second factor inside the unit of work that completes the challenge.

Returns the methods (RFC 8176) that it adds, or None with nothing written.
"""


class BegunChallenge(NamedTuple):
    token: str
    methods: list[str]


class Attempt(NamedTuple):
    """An attempt at a challenge, which has been counted; `failures` is how many this source has made in a row."""

    challenge: MfaChallenge
    throttle: Throttle
    failures: int


class Completed(NamedTuple):
    """Who completed a challenge, and by which methods besides those of the first step."""

    authentication: Authentication
    amr: Amr
    challenge: MfaChallenge


def begin_mfa_challenge(
    conn: Connection, user: User, purpose: Purpose, *, session_id: str | None = None
) -> BegunChallenge | None:
    """Inside a unit of work, after the password was correct; None if the person has changed since."""
    current = find_user(conn, user.account_id, user.id)
    if current is None or current.disabled or current.epoch != user.epoch:
        return None
    if current.password_hash != user.password_hash:
        return None
    token, now = new_secret(MFA_TOKEN), now_ms()
    challenge_store.insert_mfa_challenge(
        conn,
        user.account_id,
        digest=digest(token),
        user_id=user.id,
        user_epoch=user.epoch,
        password_digest=digest(user.password_hash),
        purpose=purpose,
        session_id=session_id,
        created_at=now,
        expires_at=now + MFA_TOKEN_MS,
    )
    return BegunChallenge(token, list_methods(conn, user.account_id, user.id))


def find_mfa_challenge(conn: Connection, token: str, purpose: Purpose) -> MfaChallenge | None:
    """The live challenge of a token; it proves that its holder gave the person's password."""
    if not is_well_formed(token, MFA_TOKEN):
        return None
    row = challenge_store.find_mfa_challenge(conn, digest(token), purpose, now_ms())
    if row is None or not constant_time_equal(row.password_digest, digest(row.password_hash)):
        return None
    return MfaChallenge(row.digest, row.account_id, row.user_id, row.email, row.role, purpose, row.session_id)


def end_mfa_challenge(conn: Connection, account_id: str, digest: bytes) -> bool:
    """Inside a unit of work: end a challenge whose token somebody else may have read; false if it has ended."""
    return challenge_store.expire_mfa_challenge(conn, account_id, digest, now_ms())


async def begin_attempt(
    database: Database,
    actor: Actor,
    token: str,
    purpose: Purpose,
    *,
    session_id: str | None = None,
    limit_scale: float,
) -> Attempt:
    """Count an attempt, before anything is checked; `session_id` is that of a step-up.

    Raises InvalidToken for the challenge, or RateLimitExceeded.
    """

    def unit(conn: Connection) -> Attempt | PublicError:
        challenge = find_mfa_challenge(conn, token, purpose)
        if challenge is None or challenge.session_id != session_id:
            return InvalidToken(MFA_TOKEN_INVALID, reason="no such challenge")
        lock_caller(conn, challenge.user_id)
        throttle = code_throttle(challenge.user_id, actor.source, limit_scale)
        count = throttle.begin(conn, challenge.user_id, actor.source)
        if isinstance(count, RateLimitExceeded):
            return count
        if not challenge_store.count_attempt(conn, challenge.account_id, challenge.digest, MAX_FAILURES):
            return InvalidToken(MFA_TOKEN_INVALID, reason="too many wrong codes")
        return Attempt(challenge, throttle, count)

    return value_or_raise(await database.write(unit))


async def complete_attempt(
    database: Database,
    actor: Actor,
    attempt: Attempt,
    proof: Proof,
    *,
    limit_scale: float,
    refusal: str = "The code is incorrect.",
) -> Completed:
    """Use up the challenge and the factor that `proof` checks.

    Raises InvalidCredentials with the text `refusal`, or InvalidToken if the challenge has ended.
    """
    challenge = attempt.challenge
    who = actor._replace(kind="user", id=challenge.user_id, account_id=challenge.account_id)

    def unit(conn: Connection) -> Completed | PublicError:
        lock_caller(conn, challenge.user_id)
        user = find_user(conn, challenge.account_id, challenge.user_id)
        row = challenge_store.find_mfa_challenge(conn, challenge.digest, challenge.purpose, now_ms())
        if user is None or row is None or row.password_digest != digest(user.password_hash):
            return InvalidToken(MFA_TOKEN_INVALID, reason="challenge ended meanwhile")
        amr = proof(conn, challenge)
        if amr is None:
            attempt.throttle.fail(conn, attempt.failures)
            details = {"failures": attempt.failures, "purpose": challenge.purpose}
            audit.record(conn, user.account_id, who, "mfa.failed", user.id, details)
            return InvalidCredentials(refusal, reason=f"wrong second factor, failure {attempt.failures}")
        challenge_store.delete_mfa_challenge(conn, challenge.account_id, challenge.digest)
        attempt.throttle.clear(conn)
        if challenge.purpose == "enroll":
            # As of every factor that is added.
            end_other_sessions(conn, who, user.account_id, user.id, "", "factor added")
        # The attempts at the password, which the first step counted and left.
        throttle = throttle_of(email_key(user.email), actor.source, limit_scale)
        return Completed(Authentication(user, throttle), amr, challenge)

    return value_or_raise(await database.write(unit))


def code_throttle(user_id: str, source: str, scale: float) -> Throttle:
    """The counters of wrong codes of a person from a source."""
    return throttle_of(f"second factor of {user_id}", source, scale)
