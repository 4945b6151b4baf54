"""The SQL of changes of e-mail addresses that wait for confirmation.

A change holds the digests of two tokens, one mailed to the present address and one to the new one.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, Index, LargeBinary, String, Table, or_, select

from linkxg.clock import DAY
from linkxg.db.schema import AnyRow, Milliseconds, metadata

email_changes = Table(
    "email_changes",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("old_email", String(254), nullable=False),
    Column("old_email_key", String(254), nullable=False),
    Column("new_email", String(254), nullable=False),
    Column("new_email_key", String(254), nullable=False),
    Column("old_digest", LargeBinary, nullable=False, unique=True),
    Column("new_digest", LargeBinary, nullable=False, unique=True),
    # Of the stored hash: another password ends the change.
    Column("password_digest", LargeBinary, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Column("old_confirmed_at", Milliseconds),
    Column("new_confirmed_at", Milliseconds),
    # The Owner who confirmed in place of the present address.
    Column("approved_by", String(36)),
    Column("ended_at", Milliseconds),
    Index("ix_email_changes_user_id", "user_id"),
    Index("ix_email_changes_expires_at", "expires_at"),
)


def _live(now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return email_changes.c.ended_at.is_(None), email_changes.c.expires_at > now


def insert_email_change(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(email_changes.insert().values(account_id=account_id, **values))


def end_email_changes_of(conn: Connection, account_id: str, user_id: str, now: int) -> int:
    """End the live changes of a person; returns how many."""
    statement = email_changes.update().where(
        email_changes.c.account_id == account_id, email_changes.c.user_id == user_id, *_live(now)
    )
    return conn.execute(statement.values(ended_at=now)).rowcount


def end_email_changes(conn: Connection, account_id: str, now: int) -> int:
    """End every live change of the account; returns how many."""
    statement = email_changes.update().where(email_changes.c.account_id == account_id, *_live(now))
    return conn.execute(statement.values(ended_at=now)).rowcount


def find_email_change_of(conn: Connection, account_id: str, user_id: str, now: int) -> AnyRow | None:
    """The live change of a person."""
    query = select(email_changes).where(
        email_changes.c.account_id == account_id, email_changes.c.user_id == user_id, *_live(now)
    )
    return conn.execute(query.order_by(email_changes.c.id.desc()).limit(1)).first()


def find_email_change(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    """The live change with this token, of the present or of the new address."""
    has_token = or_(email_changes.c.old_digest == digest, email_changes.c.new_digest == digest)
    return conn.execute(select(email_changes).where(has_token, *_live(now))).first()


def find_email_changes_by_digest(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """Changes of any account, live or not, by either of their tokens."""
    has_token = or_(email_changes.c.old_digest.in_(digests), email_changes.c.new_digest.in_(digests))
    return list(conn.execute(select(email_changes).where(has_token)))


def confirm_email_change(conn: Connection, account_id: str, change_id: str, now: int, **values: Any) -> AnyRow | None:
    """Record a confirmation (`old_confirmed_at` or `new_confirmed_at`) once; None if it had been, or has ended."""
    side = email_changes.c["old_confirmed_at" if "old_confirmed_at" in values else "new_confirmed_at"]
    statement = email_changes.update().where(
        email_changes.c.account_id == account_id, email_changes.c.id == change_id, side.is_(None), *_live(now)
    )
    return conn.execute(statement.values(**values).returning(email_changes)).first()


def end_email_change(conn: Connection, account_id: str, change_id: str, now: int) -> bool:
    """False if it had ended."""
    statement = email_changes.update().where(
        email_changes.c.account_id == account_id, email_changes.c.id == change_id, *_live(now)
    )
    return conn.execute(statement.values(ended_at=now)).rowcount == 1


def purge_email_changes(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` changes that expired a month ago."""
    old = select(email_changes.c.id).where(email_changes.c.expires_at < now - 30 * DAY).limit(limit)
    return conn.execute(email_changes.delete().where(email_changes.c.id.in_(old))).rowcount
