"""The SQL of sign-ups that wait for their link to be opened.

A request writes the same row whether or not its address has an account.
"""

from collections.abc import Collection

from sqlalchemy import Column, Connection, Index, LargeBinary, String, Table, func, select

from linkxg.clock import HOUR
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.schema import AnyRow, Milliseconds, metadata

sign_ups = Table(
    "sign_ups",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False),
    # The key without its subaddress, by which mails are counted.
    Column("mailbox", String(254), nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Index("ix_sign_ups_mailbox_created_at", "mailbox", "created_at"),
    Index("ix_sign_ups_email_key", "email_key"),
    Index("ix_sign_ups_created_at", "created_at"),
    Index("ix_sign_ups_expires_at", "expires_at"),
)
_c = sign_ups.c


def lock_sign_ups(conn: Connection) -> None:
    """Serialise the transactions that count, insert or redeem sign-ups."""
    lock_until_commit(conn, "sign-ups")


def count_sign_ups(conn: Connection, mailbox: str, since: int) -> int:
    """How many a mailbox has had since then, ended ones included."""
    query = select(func.count()).where(_c.mailbox == mailbox, _c.created_at > since)
    return conn.execute(query).scalar_one()


def insert_sign_up(
    conn: Connection, *, digest: bytes, email: str, email_key: str, mailbox: str, created_at: int, expires_at: int
) -> None:
    values = {"digest": digest, "email": email, "email_key": email_key, "mailbox": mailbox}
    conn.execute(sign_ups.insert().values(**values, created_at=created_at, expires_at=expires_at))


def delete_oldest(conn: Connection, keep: int) -> int:
    """Delete all but the newest `keep`; returns how many."""
    old = select(_c.digest).order_by(_c.created_at.desc(), _c.digest).offset(keep)
    return conn.execute(sign_ups.delete().where(_c.digest.in_(old))).rowcount


def find_sign_up(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    return conn.execute(select(sign_ups).where(_c.digest == digest, _c.expires_at > now)).first()


def find_sign_ups_by_digest(conn: Connection, digests: Collection[bytes]) -> list[bytes]:
    """The digests of those that are there, live or not."""
    return list(conn.scalars(select(_c.digest).where(_c.digest.in_(digests))))


def expire_sign_up(conn: Connection, digest: bytes, now: int) -> bool:
    """End a live sign-up; false if it had ended."""
    live = sign_ups.update().where(_c.digest == digest, _c.expires_at > now)
    return conn.execute(live.values(expires_at=now)).rowcount == 1


def redeem_sign_up(conn: Connection, digest: bytes, now: int) -> AnyRow | None:
    """End a live sign-up and return it, and end the others of its address; of two attempts, one succeeds."""
    live = sign_ups.update().where(_c.expires_at > now).values(expires_at=now)
    row = conn.execute(live.where(_c.digest == digest).returning(sign_ups)).first()
    if row is not None:
        conn.execute(live.where(_c.email_key == row.email_key))
    return row


def purge_sign_ups(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` that ended an hour ago: until then they count for their mailbox."""
    old = select(_c.digest).where(_c.expires_at < now - HOUR).limit(limit)
    return conn.execute(sign_ups.delete().where(_c.digest.in_(old))).rowcount
