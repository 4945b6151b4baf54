"""The one condition of a live session, for every statement that asks."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, String, column, table

# Only the columns needed here: the table is defined in a package that depends on this one.
sessions = table(
    "sessions",
    column("account_id", String),
    column("user_id", String),
    column("id", String),
    column("ended_at", BigInteger),
    column("refresh_expires_at", BigInteger),
    column("expires_at", BigInteger),
    column("amr", String),
)


def is_live(of: FromClause, now: Any) -> tuple[ColumnElement[bool], ...]:
    """Neither ended nor past its end or its idle timeout; `now` is a time in milliseconds, or a parameter."""
    return of.c.ended_at.is_(None), of.c.refresh_expires_at > now, of.c.expires_at > now
