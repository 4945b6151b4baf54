"""The SQL of sessions."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    ScalarSelect,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)

from linkxg.clock import DAY
from linkxg.db.caller_lock import lock_caller
from linkxg.db.compiled import CompiledStatement, insert_row
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.identity.accounts.authentication_policy import is_multi_factor
from linkxg.identity.accounts.policy_store import is_required, is_single_factor
from linkxg.identity.accounts.store import accounts, users
from linkxg.identity.authorization.end_reasons import EndReason
from linkxg.identity.authorization.live_session_store import is_live
from linkxg.identity.sessions.model import CONSOLE_MS, SESSION_MS, ConsoleSession, SessionIdentity, SessionPerson

sessions = Table(
    "sessions",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    # The person's epoch at sign-in: the session ends when their epoch advances.
    Column("user_epoch", Sequence, nullable=False),
    Column("generation", Sequence, nullable=False),
    Column("refresh_digest", LargeBinary, nullable=False),
    Column("refresh_expires_at", Milliseconds, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Column("last_used_at", Milliseconds, nullable=False),
    Column("source", String(64), nullable=False),
    Column("user_agent", String(200), nullable=False),
    Column("ended_at", Milliseconds),
    Column("end_reason", String(20)),
    # An `api` session has refresh tokens, a `console` session a cookie.
    Column("kind", String(10), nullable=False, server_default="api"),
    # When and by which methods the person was last authenticated (RFC 8176, separated by spaces).
    # No time: at sign-in, as version 0.1 left it of API sessions.
    Column("authenticated_at", Milliseconds),
    Column("amr", String(100), nullable=False, server_default=""),
    # The place of the sign-in, empty in rows of earlier versions.
    Column("network", String(50), nullable=False, server_default=""),
    Column("device", String(200), nullable=False, server_default=""),
    Index("ix_sessions_user_id_id", "user_id", "id"),
    Index("ix_sessions_expires_at", "expires_at"),
)


def _of_person(column: Column[Any]) -> ScalarSelect[Any]:
    """A column of the session's person, within a statement over sessions."""
    return select(column).where(users.c.id == sessions.c.user_id).scalar_subquery()


_person, _company = users.alias("person"), accounts.alias("company")
# No session outlives the date of a second factor that it was authenticated without, whenever it began.
_MEETS_REQUIREMENT = or_(
    ~is_single_factor(sessions.c.amr),
    ~exists()
    .where(
        _person.c.id == sessions.c.user_id,
        _company.c.id == _person.c.account_id,
        is_required(_company, _person, bindparam("now")),
    )
    .correlate(sessions),
)
# Of concurrent refreshes with one token, one updates the row.
_ROTATE = CompiledStatement(
    sessions.update()
    .where(
        sessions.c.id == bindparam("session"),
        sessions.c.generation == bindparam("presented"),
        sessions.c.refresh_digest == bindparam("used"),
        sessions.c.kind == "api",
        *is_live(sessions, bindparam("now")),
        _MEETS_REQUIREMENT,
        sessions.c.user_epoch
        == select(users.c.epoch).where(users.c.id == sessions.c.user_id, users.c.disabled.is_(False)).scalar_subquery(),
    )
    .values(
        generation=sessions.c.generation + 1,
        refresh_digest=bindparam("successor"),
        refresh_expires_at=bindparam("until"),
        last_used_at=bindparam("now"),
        source=bindparam("from"),
    )
    .returning(sessions.c.account_id, sessions.c.user_id, _of_person(users.c.email), _of_person(users.c.role),
               sessions.c.user_epoch, sessions.c.amr, func.coalesce(sessions.c.authenticated_at, sessions.c.created_at),
               sessions.c.expires_at)
)  # fmt: skip
_PERSON = CompiledStatement(
    select(
        users.c.account_id,
        users.c.email,
        users.c.role,
        users.c.epoch,
        users.c.has_second_factor,
        accounts.c.mfa_requirement,
        accounts.c.mfa_required_from,
    )
    .join(accounts, accounts.c.id == users.c.account_id)
    .where(users.c.id == bindparam("user"), users.c.epoch == bindparam("epoch"), users.c.disabled.is_(False))
)


_CONSOLE = CompiledStatement(
    select(
        sessions.c.id,
        sessions.c.account_id,
        sessions.c.user_id,
        sessions.c.user_epoch,
        sessions.c.refresh_digest,
        sessions.c.last_used_at,
        sessions.c.expires_at,
        sessions.c.authenticated_at,
        users.c.email,
        users.c.role,
        accounts.c.name,
        sessions.c.amr,
        users.c.time_zone,
        users.c.has_second_factor,
        accounts.c.mfa_requirement,
        accounts.c.mfa_required_from,
        accounts.c.step_up_minutes,
    )
    .join(users, and_(users.c.id == sessions.c.user_id, users.c.epoch == sessions.c.user_epoch))
    .join(accounts, accounts.c.id == sessions.c.account_id)
    .where(
        sessions.c.id == bindparam("session"),
        sessions.c.kind == "console",
        *is_live(sessions, bindparam("now")),
        _MEETS_REQUIREMENT,
        users.c.disabled.is_(False),
    )
)


_LOCK_PERSON = CompiledStatement(
    select(users.c.password_hash).where(users.c.id == bindparam("user")).with_for_update(key_share=True)
)


def _live_sessions(selected: Any, account: Any, user: Any, now: Any) -> Select[Any]:
    """Those of a person, newest first."""
    return (
        select(selected)
        .join(users, and_(users.c.id == sessions.c.user_id, users.c.epoch == sessions.c.user_epoch))
        .where(sessions.c.account_id == account, sessions.c.user_id == user, *is_live(sessions, now))
        .order_by(sessions.c.id.desc())
    )


_BEYOND = CompiledStatement(
    _live_sessions(sessions.c.id, bindparam("account"), bindparam("user"), bindparam("now")).offset(bindparam("kept"))
)


def find_console_session(conn: Connection, session_id: str, now: int) -> ConsoleSession | None:
    """A live session of the console with its person and account."""
    row = _CONSOLE.first(conn, {"session": session_id, "now": now})
    return None if row is None else ConsoleSession._make(row)


def find_ended_console_session(conn: Connection, session_id: str) -> AnyRow | None:
    """Any console session of a person who still exists, live or not; `now_epoch` is the person's epoch today."""
    query = (
        select(sessions, users.c.email, users.c.epoch.label("now_epoch"))
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.id == session_id, sessions.c.kind == "console")
    )
    return conn.execute(query).first()


def list_console_session_ids(conn: Connection, account_id: str, user_id: str, since: int, limit: int) -> list[str]:
    """The person's console sessions started after `since`, ended or not; newest first."""
    mine = (sessions.c.account_id == account_id, sessions.c.user_id == user_id, sessions.c.kind == "console")
    query = select(sessions.c.id).where(*mine, sessions.c.created_at > since)
    return list(conn.scalars(query.order_by(sessions.c.id.desc()).limit(limit)))


def update_console_session(
    conn: Connection, account_id: str, session_id: str, seen: bytes, now: int, **values: Any
) -> bool:
    """False unless the session is live and its cookie's digest is still `seen`."""
    statement = (
        sessions.update()
        .where(
            sessions.c.account_id == account_id,
            sessions.c.id == session_id,
            sessions.c.refresh_digest == seen,
            *is_live(sessions, now),
        )
        .values(**values)
    )
    return conn.execute(statement).rowcount == 1


def insert_session(conn: Connection, account_id: str, **values: Any) -> None:
    insert_row(conn, sessions, {"account_id": account_id, "generation": 0, **values})


def rotate(conn: Connection, session_id: str, values: dict[str, Any]) -> SessionIdentity | None:
    """Replace the refresh token `used` of generation `presented`; of concurrent attempts, one succeeds."""
    row = _ROTATE.first(conn, {"session": session_id, **values})
    # Its idle timeout has begun again, and is longer than the life of an access token.
    return None if row is None else SessionIdentity(session_id, *row)


def lock_person(conn: Connection, user_id: str) -> str | None:
    """Serialise the sign-ins of a person; returns their current password hash, None if there is no such person."""
    lock_caller(conn, user_id)
    row = _LOCK_PERSON.first(conn, {"user": user_id})
    return None if row is None else str(row[0])


def find_person(conn: Connection, user_id: str, epoch: int) -> SessionPerson | None:
    """The person of a session, if enabled and still in the epoch in which the session started."""
    row = _PERSON.first(conn, {"user": user_id, "epoch": epoch})
    return None if row is None else SessionPerson(*row)


def session_identity(session: AnyRow, person: SessionPerson) -> SessionIdentity:
    """A session that is live; it ends when a second factor is required that it was authenticated without."""
    ends_at = min(session.expires_at, session.refresh_expires_at)
    if not is_multi_factor(session.amr.split()) and person.required_from is not None:
        ends_at = min(ends_at, person.required_from)
    authenticated_at = session.created_at if session.authenticated_at is None else session.authenticated_at
    return SessionIdentity(
        session.id, person.account_id, session.user_id, person.email, person.role, person.epoch,
        session.amr, authenticated_at, ends_at,
    )  # fmt: skip


def find_session(conn: Connection, session_id: str) -> AnyRow | None:
    return conn.execute(select(sessions).where(sessions.c.id == session_id)).first()


def find_live_session(conn: Connection, account_id: str, session_id: str, now: int) -> AnyRow | None:
    mine = (sessions.c.account_id == account_id, sessions.c.id == session_id)
    return conn.execute(select(sessions).where(*mine, *is_live(sessions, now))).first()


def list_live_sessions(conn: Connection, account_id: str, user_id: str, now: int) -> list[AnyRow]:
    """Newest first."""
    return list(conn.execute(_live_sessions(sessions, account_id, user_id, now)).all())


def list_live_sessions_beyond(conn: Connection, account_id: str, user_id: str, kept: int, now: int) -> list[str]:
    """The ids of live sessions but the `kept` newest."""
    found = _BEYOND.all(conn, {"account": account_id, "user": user_id, "kept": kept, "now": now})
    return [session_id for (session_id,) in found]


def update_authentication(
    conn: Connection, account_id: str, session_id: str, *, authenticated_at: int, amr: str
) -> None:
    """When and how the session's person was authenticated last."""
    mine = (sessions.c.account_id == account_id, sessions.c.id == session_id)
    values = {"authenticated_at": authenticated_at, "amr": amr} | lifetime(amr)
    conn.execute(sessions.update().where(*mine).values(values))


def limit_session(conn: Connection, account_id: str, session_id: str, expires_at: int) -> None:
    """Let a session expire then, unless it does so earlier."""
    mine = (sessions.c.account_id == account_id, sessions.c.id == session_id, sessions.c.expires_at > expires_at)
    conn.execute(sessions.update().where(*mine).values(expires_at=expires_at))


def lifetime(amr: str) -> dict[str, Any]:
    """The end of a session with a second factor: its full time, although it may have begun without one."""
    if not is_multi_factor(amr.split()):
        return {}
    return {"expires_at": sessions.c.created_at + case((sessions.c.kind == "console", CONSOLE_MS), else_=SESSION_MS)}


def end_session(conn: Connection, account_id: str, session_id: str, *, now: int, reason: EndReason) -> bool:
    """False if it had ended."""
    statement = (
        sessions.update()
        .where(sessions.c.account_id == account_id, sessions.c.id == session_id, sessions.c.ended_at.is_(None))
        .values(ended_at=now, end_reason=reason)
    )
    return conn.execute(statement).rowcount == 1


def end_all_sessions(conn: Connection, account_id: str, *, now: int, reason: EndReason) -> int:
    """End every session of the account; returns how many had not ended."""
    where = (sessions.c.account_id == account_id, sessions.c.ended_at.is_(None))
    return conn.execute(sessions.update().where(*where).values(ended_at=now, end_reason=reason)).rowcount


def list_session_sources(conn: Connection, user_id: str, since: int) -> list[str]:
    """The addresses from which this person has signed in lately."""
    query = select(sessions.c.source).where(sessions.c.user_id == user_id, sessions.c.created_at > since).distinct()
    return list(conn.scalars(query))


def purge_sessions(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` sessions a month after their expiry."""
    old = select(sessions.c.id).where(sessions.c.expires_at < now - 30 * DAY).limit(limit)
    return conn.execute(sessions.delete().where(sessions.c.id.in_(old))).rowcount
