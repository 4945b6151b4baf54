"""Sessions of the console and their cookie.

The cookie is `lxgweb_`, the session's id and 256 random bits; its SHA-256 is stored. It is neither a bearer token nor a
refresh token, and an unknown one is never adopted.
"""

import os
import re
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import DAY, now_ms
from linkxg.crypto.secrets import constant_time_equal, digest
from linkxg.db import Database
from linkxg.errors import InvalidCredentials, InvalidToken, PublicError
from linkxg.identity.authorization.end_reasons import (
    END_REASON_TEXTS,
    ENDED,
    EXPIRED,
    IDLE,
    PERSON_CHANGED,
    SECOND_FACTOR_REQUIRED,
)
from linkxg.identity.sessions import store
from linkxg.identity.sessions.login import PASSWORD, Authentication, NewSession, start_session
from linkxg.identity.sessions.model import CONSOLE_MS, IDLE_MS, TOUCH_MS, ConsoleSession, EndedSession, SessionIdentity
from linkxg.identity.sessions.record_authentication import refuse_step_up
from linkxg.ids import uuid7

MAX_RECENT = 50
"""Sessions of the last 24 hours in which a form may have been opened; a person has at most 20 live ones."""
_COOKIE = re.compile(r"lxgweb_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})[0-9a-f]{64}")


class OpenedSession(NamedTuple):
    session: SessionIdentity
    cookie: str


def new_console_session(user_agent: str) -> tuple[NewSession, str]:
    """A session to be started with a password, and its cookie."""
    session_id = uuid7()
    cookie = _new_cookie(session_id)
    return NewSession(session_id, "console", digest(cookie), user_agent, IDLE_MS, CONSOLE_MS, PASSWORD), cookie


async def open_console_session(
    database: Database,
    actor: Actor,
    authentication: Authentication,
    *,
    session_id: str,
    user_agent: str,
    amr: tuple[str, ...],
    authenticated_at: int,
) -> OpenedSession:
    """Sign in a person who was authenticated otherwise, at a time in milliseconds. Raises as `start_session` does."""
    cookie = _new_cookie(session_id)
    new = NewSession(session_id, "console", digest(cookie), user_agent, IDLE_MS, CONSOLE_MS, amr, authenticated_at)
    return OpenedSession(await start_session(database, actor, authentication, new), cookie)


async def find_console_session(database: Database, cookie: str) -> ConsoleSession | None:
    """The live session of this cookie; its idle timeout is extended."""
    match = _COOKIE.fullmatch(cookie)
    if match is None:
        return None
    session = await database.read_single(store.find_console_session, "-".join(match.groups()), now_ms())
    if session is None or not constant_time_equal(session.digest, digest(cookie)):
        return None
    return await _extended(database, session)


async def reload_console_session(database: Database, seen: ConsoleSession) -> ConsoleSession | None:
    """The session again, during a request; None if it has ended or its person has changed since.

    Found by id: the cookie may have been replaced since, by a step-up in another window.
    """
    session = await database.read_single(store.find_console_session, seen.id, now_ms())
    return None if session is None else await _extended(database, session)


async def find_ended_session(database: Database, cookie: str) -> EndedSession | None:
    """The ended session of this cookie, for a message; it authenticates nobody."""
    match = _COOKIE.fullmatch(cookie)
    if match is None:
        return None
    row = await database.read_single(store.find_ended_console_session, "-".join(match.groups()))
    if row is None or not constant_time_equal(row.refresh_digest, digest(cookie)):
        return None
    if row.end_reason in END_REASON_TEXTS:
        why = END_REASON_TEXTS[row.end_reason]
    elif row.ended_at is not None:
        why = ENDED
    elif row.user_epoch != row.now_epoch:
        why = PERSON_CHANGED
    elif row.expires_at < min(row.refresh_expires_at, row.created_at + CONSOLE_MS):
        why = SECOND_FACTOR_REQUIRED
    elif row.expires_at <= row.refresh_expires_at:
        why = EXPIRED
    else:
        why = IDLE
    return EndedSession(row.id, row.account_id, row.user_id, row.email, why)


async def list_recent_sessions(database: Database, account_id: str, user_id: str) -> list[str]:
    """The ids of the person's newest console sessions, live or not: their forms may still be open in a window."""
    return await database.read_single(store.list_console_session_ids, account_id, user_id, now_ms() - DAY, MAX_RECENT)


async def renew_console_session(
    database: Database,
    actor: Actor,
    session: ConsoleSession,
    authentication: Authentication,
    amr: tuple[str, ...],
) -> str:
    """After the person was authenticated again (step-up); returns the new cookie, which replaces the old one.

    The session's id is kept, so that forms in other windows stay valid; `amr` are the methods of this time. Raises
    InvalidToken if the session has ended since, InvalidCredentials if what authenticated them was used or removed
    meanwhile, or as `refuse_step_up` decides.
    """
    cookie = _new_cookie(session.id)

    def unit(conn: Connection) -> PublicError | None:
        now = now_ms()
        if refused := refuse_step_up(conn, session.account_id, session.id, amr):
            return refused
        if authentication.record_use is not None and not authentication.record_use(conn, actor):
            return InvalidCredentials(reason="used meanwhile, or removed")
        if authentication.throttle is not None:
            authentication.throttle.clear(conn)
        is_renewed = authentication.user.id == session.user_id and store.update_console_session(
            conn,
            session.account_id,
            session.id,
            session.digest,
            now,
            refresh_digest=digest(cookie),
            authenticated_at=now,
            amr=" ".join(amr),
            **store.lifetime(" ".join(amr)),
            last_used_at=now,
            refresh_expires_at=min(now + IDLE_MS, session.expires_at),
            source=actor.source,
        )
        return None if is_renewed else InvalidToken(reason="session ended")

    refused = await database.write(unit)
    if refused is not None:
        raise refused
    return cookie


async def _extended(database: Database, session: ConsoleSession) -> ConsoleSession:
    """The session, after extending its idle timeout."""
    now = now_ms()
    if now - session.last_used_at >= TOUCH_MS:
        await database.write(_touch, session, now)
    return session


def _touch(conn: Connection, session: ConsoleSession, now: int) -> None:
    until = min(now + IDLE_MS, session.expires_at)
    store.update_console_session(
        conn, session.account_id, session.id, session.digest, now, last_used_at=now, refresh_expires_at=until
    )


def _new_cookie(session_id: str) -> str:
    return f"lxgweb_{session_id.replace('-', '')}{os.urandom(32).hex()}"
