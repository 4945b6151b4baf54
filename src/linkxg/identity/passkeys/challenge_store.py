"""The SQL of challenges that have been handed out and not been answered."""

from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, Index, LargeBinary, String, Table, bindparam, select

from linkxg.db.compiled import CompiledStatement, insert_row
from linkxg.db.schema import Milliseconds, metadata
from linkxg.identity.passkeys.model import Ceremony

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    # The digest of whom it was made for: a person, or the source of a stranger.
    Column("holder", LargeBinary, nullable=False),
    Column("ceremony", String(10), nullable=False),
    # None: whoever answers it says who they are.
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE")),
    # Of a registration: the handle that the new passkey gets.
    Column("user_handle", LargeBinary),
    Column("created_at", Milliseconds, nullable=False),
    Column("expires_at", Milliseconds, nullable=False),
    Index("ix_passkey_challenges_holder_created_at", "holder", "created_at"),
    Index("ix_passkey_challenges_expires_at", "expires_at"),
    Index("ix_passkey_challenges_user_id", "user_id"),
)

# Of two answers to one challenge, one deletes the row.
_TAKE = CompiledStatement(
    passkey_challenges.delete()
    .where(
        passkey_challenges.c.digest == bindparam("taken"),
        passkey_challenges.c.ceremony == bindparam("for"),
        passkey_challenges.c.expires_at > bindparam("now"),
    )
    .returning(passkey_challenges.c.user_id, passkey_challenges.c.user_handle, passkey_challenges.c.holder)
)
_BEYOND = (
    select(passkey_challenges.c.digest)
    .where(passkey_challenges.c.holder == bindparam("of"))
    .order_by(passkey_challenges.c.created_at.desc())
    .offset(bindparam("kept"))
)
# SQLite has no OFFSET without LIMIT. On PostgreSQL, concurrent deletions must not wait for each other in a circle.
_DELETE_BEYOND = CompiledStatement(
    passkey_challenges.delete().where(passkey_challenges.c.digest.in_(_BEYOND.limit(-1))),
    on_postgres=passkey_challenges.delete().where(
        passkey_challenges.c.digest.in_(_BEYOND.with_for_update(skip_locked=True))
    ),
)


class PasskeyChallenge(NamedTuple):
    """One that was answered in time. Without `user_id`, it was made for a stranger."""

    user_id: str | None
    user_handle: bytes | None
    holder: bytes


def insert_passkey_challenge(
    conn: Connection,
    digest: bytes,
    *,
    holder: bytes,
    ceremony: Ceremony,
    user_id: str | None,
    user_handle: bytes | None,
    now: int,
    expires_at: int,
    bound: int,
) -> None:
    """Of one holder, the newest `bound` are kept."""
    _DELETE_BEYOND.run(conn, {"of": holder, "kept": bound - 1})
    values = {"digest": digest, "holder": holder, "ceremony": ceremony, "user_id": user_id, "user_handle": user_handle}
    insert_row(conn, passkey_challenges, {**values, "created_at": now, "expires_at": expires_at})


def take_passkey_challenge(conn: Connection, digest: bytes, ceremony: Ceremony, now: int) -> PasskeyChallenge | None:
    """Use a challenge up; None if it is unknown, used, expired or of another ceremony."""
    row = _TAKE.first(conn, {"taken": digest, "for": ceremony, "now": now})
    return None if row is None else PasskeyChallenge(*row)


def purge_passkey_challenges(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` expired challenges."""
    old = select(passkey_challenges.c.digest).where(passkey_challenges.c.expires_at <= now).limit(limit)
    return conn.execute(passkey_challenges.delete().where(passkey_challenges.c.digest.in_(old))).rowcount
