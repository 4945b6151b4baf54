"""The SQL of challenges: sign-ins whose password was correct, and that wait for a second factor."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, LargeBinary, String, Table, and_, select

from linkxg.db.schema import AnyRow, Milliseconds, Sequence, metadata
from linkxg.identity.accounts.store import users

mfa_challenges = Table(
    "mfa_challenges",
    metadata,
    Column("account_id", String(36), nullable=False),
    Column("digest", LargeBinary, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    # The person as they were when they gave the password: a change of either ends the challenge.
    Column("user_epoch", Sequence, nullable=False),
    Column("password_digest", LargeBinary, nullable=False),
    Column("purpose", String(10), nullable=False),
    Column("session_id", String(36)),
    Column("failures", Integer, nullable=False),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Index("ix_mfa_challenges_user_id_created_at", "user_id", "created_at"),
    Index("ix_mfa_challenges_expires_at", "expires_at"),
)


def insert_mfa_challenge(conn: Connection, account_id: str, **values: Any) -> None:
    conn.execute(mfa_challenges.insert().values(account_id=account_id, failures=0, **values))


def find_mfa_challenge(conn: Connection, digest: bytes, purpose: str, now: int) -> AnyRow | None:
    """A live challenge with its person, who is enabled and in the same epoch; callers compare the password."""
    query = (
        select(mfa_challenges, users.c.email, users.c.role, users.c.password_hash)
        .join(users, and_(users.c.id == mfa_challenges.c.user_id, users.c.epoch == mfa_challenges.c.user_epoch))
        .where(
            mfa_challenges.c.digest == digest,
            mfa_challenges.c.purpose == purpose,
            mfa_challenges.c.expires_at > now,
            users.c.disabled.is_(False),
        )
    )
    return conn.execute(query).first()


def find_mfa_challenges_by_digest(conn: Connection, digests: Collection[bytes]) -> list[AnyRow]:
    """Challenges of any account: of a token that was found in public, nothing else is known."""
    columns = (mfa_challenges.c.account_id, mfa_challenges.c.user_id, mfa_challenges.c.digest)
    return list(conn.execute(select(*columns).where(mfa_challenges.c.digest.in_(digests))))


def expire_mfa_challenge(conn: Connection, account_id: str, digest: bytes, now: int) -> bool:
    """End a live challenge; false if it had ended."""
    mine = (mfa_challenges.c.account_id == account_id, mfa_challenges.c.digest == digest)
    statement = mfa_challenges.update().where(*mine, mfa_challenges.c.expires_at > now)
    return conn.execute(statement.values(expires_at=now)).rowcount == 1


def count_attempt(conn: Connection, account_id: str, digest: bytes, most: int) -> bool:
    """Count an attempt before its code is checked; false if there were `most`, or the challenge is used."""
    statement = (
        mfa_challenges.update()
        .where(
            mfa_challenges.c.account_id == account_id,
            mfa_challenges.c.digest == digest,
            mfa_challenges.c.failures < most,
        )
        .values(failures=mfa_challenges.c.failures + 1)
    )
    return conn.execute(statement).rowcount == 1


def delete_mfa_challenge(conn: Connection, account_id: str, digest: bytes) -> bool:
    """Use a challenge up; of concurrent uses, one succeeds."""
    statement = mfa_challenges.delete().where(
        mfa_challenges.c.account_id == account_id, mfa_challenges.c.digest == digest
    )
    return conn.execute(statement).rowcount == 1


def purge_mfa_challenges(conn: Connection, *, now: int, limit: int) -> int:
    old = select(mfa_challenges.c.digest).where(mfa_challenges.c.expires_at < now).limit(limit)
    return conn.execute(mfa_challenges.delete().where(mfa_challenges.c.digest.in_(old))).rowcount
