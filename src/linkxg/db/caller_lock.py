"""The lock between the writes of a person or client and the revocation of their rights.

On PostgreSQL a write holds it shared and a revocation exclusively. It is an advisory lock, which is granted in order: a
stream of shared row locks would starve an exclusive one. On SQLite units run one after another, and need no lock.
"""

import hashlib
from functools import lru_cache

from sqlalchemy import BigInteger, Connection, bindparam, func, select

_KEY = bindparam("key", type_=BigInteger)
_SHARED = select(func.pg_advisory_xact_lock_shared(_KEY))
_EXCLUSIVE = select(func.pg_advisory_xact_lock(_KEY))


def lock_caller(conn: Connection, caller_id: str, *, shared: bool = False) -> None:
    """Lock a person or client until the transaction ends: `shared` to write for them, exclusively to revoke.

    Locked before any row of theirs, and before the head of the audit trail. Later writes wait for a revocation, and
    then see it.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(_SHARED if shared else _EXCLUSIVE, {"key": _key(caller_id)})


@lru_cache(maxsize=4_096)
def _key(caller_id: str) -> int:
    digest = hashlib.sha256(b"caller " + caller_id.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
