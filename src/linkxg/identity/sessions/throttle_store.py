"""The SQL of the sign-in throttle."""

from typing import cast

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, Table, and_, case, or_, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from linkxg.clock import DAY
from linkxg.db.schema import Milliseconds, metadata

throttle = Table(
    "login_failures",
    metadata,
    Column("key_digest", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", Milliseconds, nullable=False),
    Column("last_failed_at", Milliseconds, nullable=False),
    Index("ix_login_failures_last_failed_at", "last_failed_at"),
)


def add_attempt(
    conn: Connection, key: bytes, *, now: int, forget_before: int, ceiling: int | None = None
) -> int | None:
    """Count an attempt and return how many there are, from 1 again after `forget_before`.

    None, and nothing is counted, while the key is blocked or has `ceiling` attempts.
    """
    insert = postgres_insert if conn.dialect.name == "postgresql" else sqlite_insert
    is_stale = throttle.c.last_failed_at < forget_before
    is_free = throttle.c.blocked_until <= now
    if ceiling is not None:
        is_free = and_(is_free, or_(is_stale, throttle.c.failures < ceiling))
    statement = (
        insert(throttle)
        .values(key_digest=key, failures=1, blocked_until=0, last_failed_at=now)
        .on_conflict_do_update(
            index_elements=["key_digest"],
            set_={"failures": case((is_stale, 1), else_=throttle.c.failures + 1), "last_failed_at": now},
            where=is_free,
        )
        .returning(throttle.c.failures)
    )
    return cast("int | None", conn.execute(statement).scalar_one_or_none())


def give_attempt_back(conn: Connection, key: bytes) -> None:
    """Undo one `add_attempt`."""
    statement = throttle.update().where(throttle.c.key_digest == key, throttle.c.failures > 0)
    conn.execute(statement.values(failures=throttle.c.failures - 1))


def note_failure(conn: Connection, key: bytes, now: int) -> None:
    conn.execute(throttle.update().where(throttle.c.key_digest == key).values(last_failed_at=now))


def blocked_until(conn: Connection, key: bytes) -> int:
    query = select(throttle.c.blocked_until).where(throttle.c.key_digest == key)
    return conn.execute(query).scalar_one_or_none() or 0


def block(conn: Connection, key: bytes, until: int) -> None:
    """Block attempts until then; a longer block is kept."""
    longer = and_(throttle.c.key_digest == key, throttle.c.blocked_until < until)
    conn.execute(throttle.update().where(longer).values(blocked_until=until))


def clear_failures(conn: Connection, keys: list[bytes]) -> None:
    """One by one, to lock the rows in the same order as `add_attempt`."""
    for key in keys:
        conn.execute(throttle.delete().where(throttle.c.key_digest == key))


def purge_failures(conn: Connection, *, now: int, limit: int) -> int:
    old = select(throttle.c.key_digest).where(throttle.c.last_failed_at < now - DAY).limit(limit)
    return conn.execute(throttle.delete().where(throttle.c.key_digest.in_(old))).rowcount
