"""Checks the password of a person who is signed in, before a change that a stolen session must not make."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.crypto.passwords import Passwords
from linkxg.db import Database
from linkxg.errors import InvalidCredentials, RateLimitExceeded
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.store import find_user
from linkxg.identity.federation.sso_only import password_allowed
from linkxg.identity.sessions.login import check_attempt, fail_attempt
from linkxg.identity.sessions.throttle import Throttle, throttle_of


def has_password(conn: Connection, account_id: str, user_id: str) -> bool:
    """Whether the person has a password by which they may sign in."""
    user = find_user(conn, account_id, user_id)
    return user is not None and bool(user.password_hash) and password_allowed(conn, account_id, user_id)


async def verify_current_password(
    database: Database, passwords: Passwords, actor: Actor, user: User, password: str, limit_scale: float
) -> Throttle:
    """The counters of the attempt, which the caller clears with its change; wrong passwords count as failed sign-ins.

    Raises InvalidCredentials, RateLimitExceeded or TemporarilyUnavailable.
    """
    throttle = throttle_of(email_key(user.email), actor.source, limit_scale)
    attempt = await database.write(throttle.begin, user.id, actor.source)
    if isinstance(attempt, RateLimitExceeded):
        raise attempt
    is_correct = await check_attempt(database, passwords, throttle, user.password_hash, password)
    # As at sign-in: with single sign-on only, a password is a wrong one.
    if not is_correct or not await database.read_single(password_allowed, user.account_id, user.id):
        await database.write(fail_attempt, throttle, attempt, user, actor)
        raise InvalidCredentials("The current password is incorrect.", reason="wrong current password")
    return throttle
