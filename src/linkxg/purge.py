"""Deletes expired rows.

Rows that have expired, in small steps with pauses between them: by a background task of each worker, of which one at a
time does the work, or all at once by `linkxg purge`. What detects reuse and what keeps revoked things dead outlives
every token that it can concern.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import Connection

from linkxg.clock import now_ms
from linkxg.db import Database, idempotency, invalidation_feed
from linkxg.db.advisory_lock import has_advisory_lock
from linkxg.errors import PublicError
from linkxg.http.logs import log
from linkxg.identity.accounts.store import purge_invitations
from linkxg.identity.clients.rejections.store import purge_rejections
from linkxg.identity.clients.store import purge_secrets
from linkxg.identity.clients.usage_store import purge_usage
from linkxg.identity.sessions.store import purge_failures, purge_sessions
from linkxg.jobs.retention_store import purge_jobs, purge_parts
from linkxg.runtime.background import BackgroundTask

EVERY_S = 60.0
BATCH = 500
STEP = 50
"""Rows that a worker deletes at once: so few that a request which comes at that moment does not notice."""
SHARE = 0.05
"""Of the time that the database spends on it."""
SHORTEST_PAUSE_S = 0.02


class Purge(Protocol):
    """Deletes up to `limit` expired rows and returns how many; `now` is in milliseconds."""

    def __call__(self, conn: Connection, *, now: int, limit: int) -> int: ...


PURGES: Mapping[str, Purge] = {
    "sessions": purge_sessions,
    "invitations": purge_invitations,
    "login_failures": purge_failures,
    "idempotency_keys": idempotency.purge,
    "changes": invalidation_feed.purge,
    "client_secrets": purge_secrets,
    "client_usage": purge_usage,
    "refused_requests": purge_rejections,
    "import_parts": purge_parts,
    "import_jobs": purge_jobs,
}
"""By table."""


class PurgeFailed(Exception):
    """Expired rows of some tables could not be deleted."""


class Purger:
    """A turn through all tables every `every_s` seconds; a failure is logged and the next turn tries again."""

    def __init__(self, database: Database, every_s: float = EVERY_S) -> None:
        self._database = database
        self._every_s = every_s
        self.task = BackgroundTask("housekeeping", self._keep_house, every_s=0.0)

    async def turn(self) -> list[str]:
        """Everything that has expired, table by table, unhurried; returns the tables that failed."""
        now = now_ms()
        deleted: dict[str, int] = {}
        failed: list[str] = []
        for table, purge in PURGES.items():
            try:
                deleted[table] = await self._empty(purge, now)
            except PublicError as error:
                log.warning("housekeeping.failed", table=table, reason=error.reason)
                failed.append(table)
            except Exception as fault:  # noqa: BLE001  one table's fault must not end the housekeeping of the others
                log.error("housekeeping.failed", table=table, fault=type(fault).__name__)
                failed.append(table)
        if any(deleted.values()):
            log.info("housekeeping", **{table: count for table, count in deleted.items() if count})
        return failed

    async def _empty(self, purge: Purge, now: int) -> int:
        """Step by step until nothing is left, or another worker is at it; rows deleted."""
        deleted = 0
        while True:
            began = time.monotonic()
            count = await self._database.write(_step, purge, now)
            deleted += count
            if not count:
                return deleted
            took = time.monotonic() - began
            await asyncio.sleep(max(SHORTEST_PAUSE_S, took * (1 / SHARE - 1)))

    async def _keep_house(self) -> None:
        # Workers that started together do not come together.
        await self.task.pause(self._every_s * random.uniform(0.5, 1.5))  # noqa: S311  no secret depends on it
        if not self.task.stopping.is_set() and (failed := await self.turn()):
            raise PurgeFailed(failed)


def _step(conn: Connection, purge: Purge, now: int) -> int:
    return purge(conn, now=now, limit=STEP) if has_advisory_lock(conn, "housekeeping") else 0
