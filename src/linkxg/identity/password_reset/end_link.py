"""Ends a password link that somebody else may have read."""

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.identity.password_reset import store


def end_link(conn: Connection, account_id: str, reset_id: str) -> bool:
    """Inside a unit of work: false if the link was used or has ended."""
    return store.expire_reset(conn, account_id, reset_id, now_ms())
