"""The rights behind a job that outlives its request.

The end of a session or a token ends no job; the removal, disabling or narrowing of the caller does. OWASP ASVS 8.3.2:
a change of rights applies immediately.
"""

from collections.abc import Set

from sqlalchemy import Connection

from linkxg.db.caller_lock import lock_caller
from linkxg.identity.authorization import store


def job_is_authorised(
    conn: Connection, account_id: str, kind: str, caller_id: str, *, scope: str, roles: Set[str]
) -> bool:
    """Whether the client is enabled and has `scope`, or the person is enabled and in one of `roles`.

    It stays so until the transaction ends.
    """
    lock_caller(conn, caller_id, shared=True)
    if kind == "user":
        return store.find_role(conn, account_id, caller_id) in roles
    return scope in (store.find_scope(conn, account_id, caller_id) or "").split(" ")
