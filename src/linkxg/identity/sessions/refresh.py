"""Refresh token rotation with reuse detection (RFC 9700 §4.14.2).

A token is exchanged for its successor exactly once. A genuine token of an earlier generation is a reuse: the session
and its access tokens are ended, and that is committed although the request fails. A retry with the same Idempotency-Key
gets the same successor, which is derived from the used token and not stored.
"""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.refresh_tokens import (
    LAST_GENERATION,
    RefreshToken,
    new_refresh_token,
    read_refresh_token,
    successor_nonce,
)
from linkxg.crypto.secrets import constant_time_equal, digest
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.errors import InvalidToken
from linkxg.identity.sessions import store
from linkxg.identity.sessions.login import SessionTokens
from linkxg.identity.sessions.model import REFRESH_MS, REPLAY_MS, SessionIdentity
from linkxg.identity.tokens.revoke import revoke_session


class RefreshAttempt(NamedTuple):
    """The presented token, its digest, its successor's digest, and whether an Idempotency-Key permits a retry."""

    presented: RefreshToken
    used: bytes
    successor: bytes
    is_retryable: bool


async def refresh(
    database: Database, server_key: bytes, actor: Actor, refresh_token: str, idempotency_key: str | None
) -> SessionTokens:
    """The session and its next refresh token. Raises InvalidToken for anything but the live refresh token."""
    presented = read_refresh_token(server_key, refresh_token)
    if presented is None or presented.generation >= LAST_GENERATION:
        raise InvalidToken(reason="not a refresh token of this server")
    nonce = successor_nonce(server_key, refresh_token, idempotency_key) if idempotency_key else None
    successor = new_refresh_token(server_key, presented.session_id, presented.generation + 1, nonce)
    attempt = RefreshAttempt(presented, digest(refresh_token), digest(successor), nonce is not None)
    rotated = await database.execute_single(_rotate, attempt, actor)
    if rotated is None:
        outcome = await database.write(_replay_or_reject, attempt, actor)
        if isinstance(outcome, str):
            raise InvalidToken(reason=outcome)
        return SessionTokens(outcome, successor, replayed=True)
    return SessionTokens(rotated, successor)


def _rotate(conn: Connection, attempt: RefreshAttempt, actor: Actor) -> SessionIdentity | None:
    now = now_ms()
    session_id, generation = attempt.presented
    return store.rotate(
        conn,
        session_id,
        {
            "presented": generation,
            "used": attempt.used,
            "successor": attempt.successor,
            "now": now,
            "until": now + REFRESH_MS,
            "from": actor.source,
        },
    )


def _replay_or_reject(conn: Connection, attempt: RefreshAttempt, actor: Actor) -> SessionIdentity | str:
    """The session of a permitted retry, or why the token is rejected. A reuse ends the session."""
    now = now_ms()
    session_id, generation = attempt.presented
    session = store.find_session(conn, session_id)
    if session is None or session.ended_at is not None:
        return "session ended"
    person = store.find_person(conn, session.user_id, session.user_epoch)
    if person is None:
        return "person disabled or changed"
    if session.expires_at <= now or session.refresh_expires_at <= now:
        return "expired"
    if session.generation <= generation:
        return "not the token of this generation"
    if (
        attempt.is_retryable
        and session.generation == generation + 1
        and now - session.last_used_at <= REPLAY_MS
        and constant_time_equal(session.refresh_digest, attempt.successor)
    ):
        return store.session_identity(session, person)
    lock_caller(conn, session.user_id)
    store.end_session(conn, session.account_id, session_id, now=now, reason="reuse")
    revoke_session(conn, session.account_id, session.user_id, session_id)
    audit.record(
        conn, session.account_id, actor, "session.reuse_detected", session_id,
        {"user": session.user_id, "generation": generation, "current": session.generation},
    )  # fmt: skip
    return "reuse detected: session ended"
