"""Advisory locks that end with the transaction. SQLite has one writer at a time, and needs none."""

import hashlib

from sqlalchemy import Connection, func, select


def lock_until_commit(conn: Connection, name: str) -> None:
    """Wait for the lock `name`, which serialises transactions of all workers and nodes."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def has_advisory_lock(conn: Connection, work: str) -> bool:
    """Lock `work` until the transaction ends, without waiting; whether that succeeded."""
    if conn.dialect.name != "postgresql":
        return True
    lock = int.from_bytes(hashlib.sha256(work.encode()).digest()[:8], signed=True)
    return bool(conn.execute(select(func.pg_try_advisory_xact_lock(lock))).scalar_one())
