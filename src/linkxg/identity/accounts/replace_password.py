"""Replaces a person's password and begins their next epoch: every session and token ends, on every node."""

from sqlalchemy import Connection

from linkxg.db import invalidation_feed
from linkxg.db.caller_lock import lock_caller
from linkxg.db.invalidation_feed import USER
from linkxg.identity.accounts import store


def replace_password(conn: Connection, account_id: str, user_id: str, password_hash: str) -> None:
    """Inside a unit of work, which has checked that the person may get this password."""
    lock_caller(conn, user_id)
    epoch = store.update_user(conn, account_id, user_id, password_hash=password_hash)
    invalidation_feed.append(conn, USER, user_id, epoch)
