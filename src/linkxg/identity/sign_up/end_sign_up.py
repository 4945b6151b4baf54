"""Ends a sign-up whose link somebody else may have read."""

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.identity.sign_up import store


def end_sign_up(conn: Connection, digest: bytes) -> bool:
    """Inside a unit of work: false if the link was used or has ended."""
    store.lock_sign_ups(conn)
    return store.expire_sign_up(conn, digest, now_ms())
