"""The SQL of accounts that require a second factor, and by which sessions without one end then."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, func, or_, select

from linkxg.identity.accounts.store import users
from linkxg.identity.authorization.live_session_store import sessions


def is_single_factor(amr: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether these methods do not meet the requirement, as `is_multi_factor` decides."""
    return and_(amr.not_like("%mfa%"), amr.not_like("%fed%"))


def is_required(accounts: FromClause, users: FromClause, now: Any) -> ColumnElement[bool]:
    """Whether the account requires a second factor of the person by now, as `required_from` decides."""
    whom = or_(
        accounts.c.mfa_requirement == "EVERYBODY",
        and_(accounts.c.mfa_requirement == "ADMINISTRATORS", or_(users.c.role == "OWNER", users.c.role == "ADMIN")),
    )
    return and_(whom, func.coalesce(accounts.c.mfa_required_from, 0) <= now)


def end_sessions_at(conn: Connection, account_id: str, roles: Sequence[str], at: int) -> None:
    """Let the sessions of people in these roles expire then, except those with a second factor (`amr`: mfa or fed)."""
    people = select(users.c.id).where(users.c.account_id == account_id, users.c.role.in_(roles))
    statement = sessions.update().where(
        sessions.c.account_id == account_id,
        sessions.c.user_id.in_(people),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > at,
        is_single_factor(sessions.c.amr),
    )
    conn.execute(statement.values(expires_at=at))
