"""The one condition of a live session, for every statement that asks."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, FromClause, String, column, table

# Only the columns needed here: the table is defined in a package that depends on this one.
sessions = table(
    "sessions",
    column("account_id", String),
    column("user_id", String),
    column("id", String),
    column("ended_at", BigInteger),
    column("end_reason", String),
    column("refresh_expires_at", BigInteger),
    column("expires_at", BigInteger),
    column("amr", String),
)


def is_live(of: FromClause, now: Any) -> tuple[ColumnElement[bool], ...]:
    """Neither ended nor past its end or its idle timeout; `now` is a time in milliseconds, or a parameter."""
    return of.c.ended_at.is_(None), of.c.refresh_expires_at > now, of.c.expires_at > now


def note_end_reason(conn: Connection, account_id: str, user_id: str, *, now: int, reason: str) -> None:
    """Inside the unit of work that ends all sessions of a person by their epoch: note why. It holds their lock."""
    mine = (sessions.c.account_id == account_id, sessions.c.user_id == user_id)
    # The first reason stays: an earlier epoch may have ended some of them.
    statement = sessions.update().where(*mine, *is_live(sessions, now), sessions.c.end_reason.is_(None))
    conn.execute(statement.values(end_reason=reason))
