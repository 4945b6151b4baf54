"""Whether a person has a second factor, as noted in their row for their sign-in."""

from sqlalchemy import Connection

from linkxg.db import invalidation_feed
from linkxg.db.caller_lock import lock_caller
from linkxg.db.invalidation_feed import USER
from linkxg.identity.accounts import store


def note_second_factor(conn: Connection, account_id: str, user_id: str, has: bool) -> None:
    """Inside a unit of work that changes the person's factors."""
    store.update_second_factor(conn, account_id, user_id, has)


def begin_next_epoch(conn: Connection, account_id: str, user_id: str) -> None:
    """End every session, token and unfinished sign-in of a person."""
    lock_caller(conn, user_id)
    invalidation_feed.append(conn, USER, user_id, store.update_user(conn, account_id, user_id))
