"""A person's next epoch: every session, token and unfinished sign-in of theirs ends, on every node."""

from typing import Any

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import invalidation_feed
from linkxg.db.caller_lock import lock_caller
from linkxg.db.invalidation_feed import USER
from linkxg.identity.accounts import store
from linkxg.identity.authorization.end_reasons import EndReason
from linkxg.identity.authorization.live_session_store import note_end_reason


def begin_next_epoch(conn: Connection, account_id: str, user_id: str, reason: EndReason, **changed: Any) -> None:
    """Inside a unit of work: store what has `changed`, and end what the person has begun for this reason."""
    lock_caller(conn, user_id)
    note_end_reason(conn, account_id, user_id, now=now_ms(), reason=reason)
    epoch = store.update_user(conn, account_id, user_id, **changed)
    invalidation_feed.append(conn, account_id, USER, user_id, epoch)
