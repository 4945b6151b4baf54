"""Signs a person in with e-mail and password.

The work and the answer are the same for a wrong password, an unknown e-mail address, a disabled person and a person who
may sign in by their company only. Passwords are hashed outside of transactions; the write checks that the person has
not changed since the read.
"""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import LATEST_MS, now_ms
from linkxg.crypto.passwords import Passwords
from linkxg.crypto.refresh_tokens import new_refresh_token
from linkxg.crypto.secrets import digest
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import (
    InvalidCredentials,
    MfaEnrollmentRequired,
    MfaRequired,
    PublicError,
    RateLimitExceeded,
    TemporarilyUnavailable,
)
from linkxg.identity.accounts.authentication_policy import FEDERATED, is_multi_factor
from linkxg.identity.accounts.model import User, email_key
from linkxg.identity.accounts.store import find_user_by_email, update_password_hash
from linkxg.identity.federation.sso_only import password_allowed
from linkxg.identity.sessions import store
from linkxg.identity.sessions.end_sessions import end_session
from linkxg.identity.sessions.model import MAX_SESSIONS, REFRESH_MS, SESSION_MS, Kind, SessionIdentity, SessionPerson
from linkxg.identity.sessions.place_store import find_person_signing_in
from linkxg.identity.sessions.places import place_of
from linkxg.identity.sessions.throttle import Throttle, throttle_of
from linkxg.identity.tokens.revoke import revoke_session
from linkxg.ids import uuid7

PASSWORD = ("pwd",)
"""The `amr` of a sign-in with a password."""


class SessionTokens(NamedTuple):
    """A session and its refresh token; `replayed` if they repeat an earlier answer."""

    session: SessionIdentity
    refresh_token: str
    replayed: bool = False


class NewSession(NamedTuple):
    """A session to be started; `digest` is of its refresh token or cookie, which expires after `idle_ms` unused.

    `amr` are the methods by which the person was authenticated (RFC 8176).
    """

    id: str
    kind: Kind
    digest: bytes
    user_agent: str
    idle_ms: int
    lifetime_ms: int
    amr: tuple[str, ...]
    authenticated_at: int | None = None
    """In milliseconds, if it was not now: a provider may have authenticated the person earlier."""


class Authentication(NamedTuple):
    """A person who was authenticated, as they were then.

    With a password, `throttle` has the attempts to be cleared, and `rehashed` the new hash if the stored one has weaker
    parameters. `record_use` records the use of anything else, in the transaction that starts the session: false, if it
    must not be used any more.
    """

    user: User
    throttle: Throttle | None = None
    rehashed: str | None = None
    record_use: Callable[[Connection, Actor], bool] | None = None


def new_api_session(server_key: bytes, user_agent: str) -> tuple[NewSession, str]:
    """A session to be started with a password, and its refresh token."""
    session_id = uuid7()
    refresh_token = new_refresh_token(server_key, session_id, 0)
    return NewSession(
        session_id, "api", digest(refresh_token), user_agent, REFRESH_MS, SESSION_MS, PASSWORD
    ), refresh_token


async def verify_password(
    database: Database, passwords: Passwords, actor: Actor, *, email: str, password: str, limit_scale: float
) -> Authentication:
    """The person with this e-mail address and password; failures are counted.

    Raises InvalidCredentials, RateLimitExceeded, InvalidRequest (no e-mail address) or TemporarilyUnavailable.
    """
    key = email_key(email)
    throttle = throttle_of(key, actor.source, limit_scale)
    user, attempt, allowed = await database.write(_begin, key, throttle, actor.source)
    if isinstance(attempt, RateLimitExceeded):
        raise attempt
    is_correct = await check_attempt(database, passwords, throttle, user.password_hash if user else None, password)
    if user is None or not is_correct or user.disabled or not allowed:
        await database.write(fail_attempt, throttle, attempt, user, actor)
        raise InvalidCredentials(reason=f"{_cause(user, is_correct)}, failure {attempt}")
    rehashed = await passwords.hash(password) if passwords.needs_rehash(user.password_hash) else None
    return Authentication(user, throttle, rehashed)


async def start_session(
    database: Database, actor: Actor, authentication: Authentication, new: NewSession
) -> SessionIdentity:
    """Raises InvalidCredentials if the person has changed since they were authenticated.

    Whoever needs a second factor and was authenticated without one gets no session, by whatever way they came: raises
    MfaRequired if they have one, or MfaEnrollmentRequired if their account requires one.
    """
    started = value_or_raise(await database.write(_start, actor, authentication, new))
    user = authentication.user
    if FEDERATED not in new.amr and not await database.read_single(password_allowed, user.account_id, user.id):
        # Since it was asked, the account has chosen that its people sign in by the provider only.
        await database.write(_undo_session, actor, user, new.id)
        raise InvalidCredentials(reason="single sign-on only")
    return started


async def check_attempt(
    database: Database, passwords: Passwords, throttle: Throttle, stored: str | None, password: str
) -> bool:
    """Whether the password of a counted attempt is correct. Raises TemporarilyUnavailable, and uncounts the attempt."""
    try:
        return await passwords.verify(stored, password)
    except TemporarilyUnavailable:
        await database.write(throttle.give_back)
        raise


def fail_attempt(conn: Connection, throttle: Throttle, attempt: int, user: User | None, actor: Actor) -> None:
    """Start the delay, and audit the failure if the person exists."""
    throttle.fail(conn, attempt)
    if user is not None:
        audit.record(conn, user.account_id, actor, "login.failed", user.id, {"failures": attempt})


def _begin(
    conn: Connection, key: str, throttle: Throttle, source: str
) -> tuple[User | None, int | RateLimitExceeded, bool]:
    """The person, the attempt, and whether they may use a password."""
    user = find_user_by_email(conn, key)
    # The same work for an unknown person.
    allowed = password_allowed(conn, user.account_id if user else "", user.id if user else "")
    return user, throttle.begin(conn, user.id if user else None, source), allowed


def _start(
    conn: Connection, actor: Actor, authentication: Authentication, new: NewSession
) -> SessionIdentity | PublicError:
    user, throttle, rehashed, record_use = authentication
    now, place = now_ms(), place_of(actor.source, new.user_agent)
    is_unchanged = store.lock_person(conn, user.id) == user.password_hash
    found = find_person_signing_in(conn, user.id, user.epoch, place, now) if is_unchanged else None
    if found is None:
        return InvalidCredentials(reason="changed while signing in")
    person, is_new_place = found
    refusal = _refuse_without_factor(person, new.amr, now)
    if refusal is not None:
        return refusal
    if record_use is not None and not record_use(conn, actor):
        return InvalidCredentials(reason="used meanwhile, or removed")
    if rehashed is not None:
        update_password_hash(conn, user.account_id, user.id, rehashed, user.password_hash)
    if throttle is not None:
        throttle.clear(conn)
    who = actor._replace(kind="user", id=user.id, account_id=user.account_id, session_id=new.id)
    amr = " ".join(new.amr)
    required_from = None if is_multi_factor(new.amr) else person.required_from
    expires_at = min(now + new.lifetime_ms, required_from or LATEST_MS)
    authenticated_at = now if new.authenticated_at is None else min(new.authenticated_at, now)
    _evict_oldest_sessions(conn, who, user, now)
    store.insert_session(
        conn,
        user.account_id,
        id=new.id,
        kind=new.kind,
        user_id=user.id,
        user_epoch=user.epoch,
        refresh_digest=new.digest,
        refresh_expires_at=now + new.idle_ms,
        created_at=now,
        expires_at=expires_at,
        authenticated_at=authenticated_at,
        amr=amr,
        last_used_at=now,
        source=actor.source,
        user_agent=place.user_agent,
        network=place.network or "-",
        device=place.device,
    )
    details = {"amr": amr} | ({"kind": new.kind} if new.kind != "api" else {})
    audit.record(conn, user.account_id, who, "session.started", new.id, details)
    ends_at = min(expires_at, now + new.idle_ms)
    return SessionIdentity(
        new.id, user.account_id, user.id, person.email, person.role, person.epoch, amr, authenticated_at, ends_at,
        is_new_place,
    )  # fmt: skip


def _refuse_without_factor(
    person: SessionPerson, amr: tuple[str, ...], now: int
) -> MfaRequired | MfaEnrollmentRequired | None:
    """The refusal of a session without the second factor that the person has, or that their account requires."""
    if is_multi_factor(amr):
        return None
    if person.has_second_factor:
        return MfaRequired()
    return MfaEnrollmentRequired() if person.required_from is not None and person.required_from <= now else None


def _evict_oldest_sessions(conn: Connection, actor: Actor, user: User, now: int) -> None:
    """Make room for one more session of the person."""
    for old in store.list_live_sessions_beyond(conn, user.account_id, user.id, MAX_SESSIONS - 1, now):
        store.end_session(conn, user.account_id, old, now=now, reason="evicted")
        revoke_session(conn, user.account_id, user.id, old)
        audit.record(conn, user.account_id, actor, "session.ended", old, {"reason": "evicted"})


def _undo_session(conn: Connection, actor: Actor, user: User, session_id: str) -> None:
    """End a session that was just started, before anybody has its tokens."""
    lock_caller(conn, user.id)
    end_session(conn, actor, user.account_id, user.id, session_id, "single sign-on only")


def _cause(user: User | None, is_correct: bool) -> str:
    if user is None or not is_correct:
        return "unknown e-mail" if user is None else "wrong password"
    return "disabled" if user.disabled else "single sign-on only"
