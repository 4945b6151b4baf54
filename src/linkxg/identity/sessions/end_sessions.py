"""Lists and ends the sessions of a person."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.db.caller_lock import lock_caller
from linkxg.db.outcomes import value_or_raise
from linkxg.db.schema import AnyRow
from linkxg.errors import AccessDenied, InvalidToken, NotFound, PublicError
from linkxg.identity.accounts.roles import may_manage
from linkxg.identity.accounts.store import find_user
from linkxg.identity.authorization.end_reasons import EndReason
from linkxg.identity.authorization.write_as import revoke_as
from linkxg.identity.sessions import store
from linkxg.identity.sessions.model import SessionView
from linkxg.identity.tokens.revoke import revoke_session


async def logout(database: Database, actor: Actor, account_id: str, session_id: str) -> None:
    """End the caller's own session; committed before this returns. Raises InvalidToken if it had ended."""
    if not await revoke_as(
        database, actor, account_id, end_session, actor, account_id, actor.id or "", session_id, "logout"
    ):
        raise InvalidToken(reason="session ended")


async def end_own_session(database: Database, actor: Actor, account_id: str, user_id: str, session_id: str) -> None:
    """End one of the person's sessions. Raises NotFound for anything else."""

    def unit(conn: Connection) -> bool:
        session = store.find_session(conn, session_id)
        if session is None or session.account_id != account_id or session.user_id != user_id:
            return False
        return end_session(conn, actor, account_id, user_id, session_id, "ended by its person")

    if not await revoke_as(database, actor, account_id, unit):
        raise NotFound


async def list_own_sessions(
    database: Database, account_id: str, user_id: str, current: str | None
) -> list[SessionView]:
    """The person's live sessions, newest first."""
    rows = await database.read_single(store.list_live_sessions, account_id, user_id, now_ms())
    return [
        SessionView(
            id=row.id,
            created_at=rfc3339(row.created_at),
            last_used_at=rfc3339(row.last_used_at),
            expires_at=rfc3339(min(row.expires_at, row.refresh_expires_at)),
            source=row.source,
            user_agent=row.user_agent,
            current=row.id == current,
        )
        for row in rows
    ]


async def list_sessions(database: Database, account_id: str, user_id: str) -> list[AnyRow]:
    """The rows of a person's live sessions, newest first."""
    return await database.read_single(store.list_live_sessions, account_id, user_id, now_ms())


async def end_sessions_of(database: Database, actor: Actor, account_id: str, user_id: str) -> int:
    """End every session of a person; returns how many. Raises NotFound, or AccessDenied for an Owner's by an Admin."""

    def unit(conn: Connection) -> int | PublicError:
        user = find_user(conn, account_id, user_id)
        if user is None:
            return NotFound()
        if not may_manage(actor.role, user.role):
            return AccessDenied("Only an Owner can end the sessions of an Owner.")
        lock_caller(conn, user_id)
        live = store.list_live_sessions(conn, account_id, user_id, now_ms())
        return sum(end_session(conn, actor, account_id, user_id, row.id, "by administrator") for row in live)

    return value_or_raise(await revoke_as(database, actor, account_id, unit))


def end_other_sessions(
    conn: Connection, actor: Actor, account_id: str, user_id: str, keep: str, reason: EndReason
) -> None:
    """Inside a unit of work: end every session of a person but `keep`. The caller holds the person's lock."""
    for session in store.list_live_sessions(conn, account_id, user_id, now_ms()):
        if session.id != keep:
            end_session(conn, actor, account_id, user_id, session.id, reason)


def end_session_of_token(conn: Connection, actor: Actor, session_id: str, reason: EndReason) -> AnyRow | None:
    """Inside a unit of work: end the session that a refresh token names; None if it is not live."""
    session = store.find_session(conn, session_id)
    if session is None:
        return None
    lock_caller(conn, session.user_id)
    live = store.find_live_session(conn, session.account_id, session_id, now_ms())
    if live is None or not end_session(conn, actor, live.account_id, live.user_id, session_id, reason):
        return None
    return live


def end_session(
    conn: Connection, actor: Actor, account_id: str, user_id: str, session_id: str, reason: EndReason
) -> bool:
    """Inside a unit of work: end a person's session and its access tokens; false if it had ended.

    The caller holds the person's lock (`lock_caller`); `revoke_as` takes it for the actor.
    """
    if not store.end_session(conn, account_id, session_id, now=now_ms(), reason=reason):
        return False
    revoke_session(conn, account_id, user_id, session_id)
    audit.record(conn, account_id, actor, "session.ended", session_id, {"reason": reason})
    return True
