"""An advisory lock that only one worker among all nodes can hold."""

import hashlib

from sqlalchemy import Connection, func, select


def has_advisory_lock(conn: Connection, work: str) -> bool:
    """Whether this unit of work is the only one with this name, until its transaction ends; never waits."""
    if conn.dialect.name != "postgresql":
        # Writers take turns as it is.
        return True
    lock = int.from_bytes(hashlib.sha256(work.encode()).digest()[:8], signed=True)
    return bool(conn.execute(select(func.pg_try_advisory_xact_lock(lock))).scalar_one())
