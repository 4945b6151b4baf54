"""Authorisation of a job that outlives its request.

A job goes on when the session or token ends, but not when its caller is removed, disabled or loses the permission
(OWASP ASVS 8.3.2). What never ends by itself goes on only in the caller's epoch in which it was begun: whoever ends
every session and token of a person after a theft ends what the thief has begun.
"""

from collections.abc import Set

from sqlalchemy import Connection

from linkxg.db.caller_lock import lock_caller
from linkxg.identity.authorization import store


def job_is_authorised(
    conn: Connection, account_id: str, kind: str, caller_id: str, *, scope: str, roles: Set[str]
) -> bool:
    """Whether the client is enabled and has `scope`, or the person is enabled and in one of `roles`.

    The caller is locked until the transaction ends.
    """
    lock_caller(conn, caller_id, shared=True)
    if kind == "user":
        return store.find_role(conn, account_id, caller_id) in roles
    return scope in (store.find_scope(conn, account_id, caller_id) or "").split(" ")


def is_in_epoch(conn: Connection, account_id: str, kind: str, caller_id: str, epoch: int | None) -> bool:
    """Whether this is still the epoch of the client or person, whom `job_is_authorised` has locked."""
    return epoch is not None and epoch == store.find_epoch(conn, account_id, caller_id, is_person=kind == "user")
