"""The SQL of password resets."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, Index, LargeBinary, String, Table, select

from linkxg.clock import DAY
from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata

password_resets = Table(
    "password_resets",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("id", String(36), primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    # The state of the person for which the link was made.
    Column("user_epoch", Sequence, nullable=False),
    Column("binding", LargeBinary, nullable=False),
    Column("issued_by", String(10), nullable=False),
    # The Owner or Admin and their epoch; null for the other kinds.
    Column("issuer_id", String(36)),
    Column("issuer_epoch", Sequence),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Column("used_at", Milliseconds),
    Index("ix_password_resets_user_id_created_at", "user_id", "created_at"),
    Index("ix_password_resets_created_at", "created_at"),
)


def _live(now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return password_resets.c.used_at.is_(None), password_resets.c.expires_at > now


def insert_reset(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(password_resets.insert().values(account_id=account_id, **values))


def list_mailed_times(conn: Connection, account_id: str, user_id: str, issued_by: str, since: int) -> list[int]:
    """When links, or mails without one, were sent to this person after `since`, used or not."""
    query = select(password_resets.c.created_at).where(
        password_resets.c.account_id == account_id,
        password_resets.c.user_id == user_id,
        password_resets.c.issued_by == issued_by,
        password_resets.c.created_at > since,
    )
    return list(conn.scalars(query))


def expire_issued(conn: Connection, account_id: str, user_id: str, now: int) -> None:
    """End the person's live links that were not mailed: a new one replaces them."""
    statement = password_resets.update().where(
        password_resets.c.account_id == account_id,
        password_resets.c.user_id == user_id,
        password_resets.c.issued_by != "mail",
        *_live(now),
    )
    conn.execute(statement.values(expires_at=now))


def find_reset(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    """A link that is neither used nor expired."""
    return conn.execute(select(password_resets).where(password_resets.c.digest == digest, *_live(now))).first()


def find_resets_by_digest(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """Links of any account, live or not: of one that was found in public, nothing else is known."""
    columns = (password_resets.c.account_id, password_resets.c.id, password_resets.c.user_id, password_resets.c.digest)
    return list(conn.execute(select(*columns).where(password_resets.c.digest.in_(digests))))


def expire_reset(conn: Connection, account_id: str, reset_id: str, now: int) -> bool:
    """End a live link; false if it had ended."""
    mine = (password_resets.c.account_id == account_id, password_resets.c.id == reset_id)
    return conn.execute(password_resets.update().where(*mine, *_live(now)).values(expires_at=now)).rowcount == 1


def redeem_reset(conn: Connection, digest: bytes, now: int) -> bool:
    """Mark a live link as used; of two concurrent attempts, one succeeds."""
    statement = password_resets.update().where(password_resets.c.digest == digest, *_live(now))
    return conn.execute(statement.values(used_at=now)).rowcount == 1


def delete_reset(conn: Connection, account_id: str, reset_id: str) -> None:
    """Forget a link that could not be mailed: it does not count."""
    conn.execute(
        password_resets.delete().where(password_resets.c.account_id == account_id, password_resets.c.id == reset_id)
    )


def purge_resets(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` links a day after they were made; none is valid then, and no limit counts them."""
    old = select(password_resets.c.id).where(password_resets.c.created_at < now - DAY).limit(limit)
    return conn.execute(password_resets.delete().where(password_resets.c.id.in_(old))).rowcount
