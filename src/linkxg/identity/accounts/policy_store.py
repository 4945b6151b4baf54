"""The SQL by which sessions end when their account begins to require a second factor."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, String, column, select, table

from linkxg.identity.accounts.store import users

# Only the columns needed here: the table is defined in a package that depends on this one.
sessions = table(
    "sessions",
    column("account_id", String),
    column("user_id", String),
    column("expires_at", BigInteger),
    column("ended_at", BigInteger),
    column("amr", String),
)


def end_sessions_at(conn: Connection, account_id: str, roles: Sequence[str], at: int) -> None:
    """Let the sessions of people in these roles expire then, except those with a second factor (`amr`: mfa or fed)."""
    people = select(users.c.id).where(users.c.account_id == account_id, users.c.role.in_(roles))
    statement = sessions.update().where(
        sessions.c.account_id == account_id,
        sessions.c.user_id.in_(people),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > at,
        sessions.c.amr.not_like("%mfa%"),
        sessions.c.amr.not_like("%fed%"),
    )
    conn.execute(statement.values(expires_at=at))
