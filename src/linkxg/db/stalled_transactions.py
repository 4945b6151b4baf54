"""Ends transactions whose node stopped in the midst of a statement, and so frees their locks.

`idle_in_transaction_session_timeout` bounds the pause between two statements alone. asyncpg prepares a statement with
Flush in place of Sync, after which the session counts as active and nothing bounds how long the server waits for the
rest; so does COPY. PostgreSQL 17 has `transaction_timeout` for it, and earlier versions have nothing.
"""

import logging
import time

from sqlalchemy import column, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from linkxg.db.health import OF_SERVICES, SESSIONS

CHECK_S = 1.0
_log = logging.getLogger(__name__)
# A session that waits for anything but its client is left alone: ending the wait for a standby would commit without it.
_END_STALLED = (
    select(func.pg_terminate_backend(column("pid")))
    .select_from(SESSIONS)
    .where(
        OF_SERVICES,
        text("usename = current_user and wait_event_type = 'Client'"),
        text("xact_start < clock_timestamp() - make_interval(secs => :older_than_s)"),
    )
)


class StalledTransactions:
    """Those of the pools of all nodes; `older_than_s` is longer than any live one lasts."""

    def __init__(self, older_than_s: float) -> None:
        self._older_than_s = older_than_s
        self._checked_at = float("-inf")

    async def end(self, conn: AsyncConnection) -> None:
        """Look for them, once per `CHECK_S` at most."""
        if time.monotonic() - self._checked_at < CHECK_S:
            return
        self._checked_at = time.monotonic()
        ended = (await conn.execute(_END_STALLED, {"older_than_s": self._older_than_s})).all()
        if ended:
            _log.warning("transactions of a node that does not go on were ended: %d", len(ended))
