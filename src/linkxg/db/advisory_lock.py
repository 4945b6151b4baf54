"""An advisory lock that only one worker among all nodes can hold."""

import hashlib

from sqlalchemy import Connection, func, select


def has_advisory_lock(conn: Connection, work: str) -> bool:
    """Lock `work` until the transaction ends, without waiting; whether that succeeded."""
    if conn.dialect.name != "postgresql":
        # SQLite has one writer at a time.
        return True
    lock = int.from_bytes(hashlib.sha256(work.encode()).digest()[:8], signed=True)
    return bool(conn.execute(select(func.pg_try_advisory_xact_lock(lock))).scalar_one())
