"""Replaces a person's password and begins their next epoch: every session and token ends, on every node."""

from sqlalchemy import Connection

from linkxg.identity.accounts.next_epoch import begin_next_epoch


def replace_password(conn: Connection, account_id: str, user_id: str, password_hash: str) -> None:
    """Inside a unit of work, which has checked that the person may get this password."""
    begin_next_epoch(conn, account_id, user_id, "password reset", password_hash=password_hash)
