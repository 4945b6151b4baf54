"""Deletes expired rows in small steps: in the background, by one worker at a time, or at once by `linkxg purge`.

Expired shares are not deleted, but recorded as expired in the same way.

Rows that detect reuse or keep a revocation in force outlive every token that they can concern.
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
from linkxg.identity.accounts.email_change_store import purge_email_changes
from linkxg.identity.accounts.store import purge_invitations
from linkxg.identity.client_assertions.store import purge_assertions
from linkxg.identity.clients.rejections.store import purge_rejections
from linkxg.identity.clients.store import purge_secrets
from linkxg.identity.clients.usage_store import purge_usage
from linkxg.identity.factors.challenge_store import purge_mfa_challenges
from linkxg.identity.factors.totp_store import purge_pending_totp
from linkxg.identity.federation.store import purge_domains
from linkxg.identity.passkeys.challenge_store import purge_passkey_challenges
from linkxg.identity.password_reset.store import purge_resets
from linkxg.identity.scim.token_store import purge_tokens
from linkxg.identity.sender_constraint.used_proofs_store import purge_used_proofs
from linkxg.identity.sessions.store import purge_sessions
from linkxg.identity.sessions.throttle_store import purge_failures
from linkxg.identity.sign_up.store import purge_sign_ups
from linkxg.identity.single_sign_on.store import purge_federated_sessions, purge_logout_tokens, purge_sign_ins
from linkxg.jobs.retention_store import purge_jobs, purge_parts
from linkxg.network.access_log.store import purge_reads
from linkxg.network.connections.store import purge_connections
from linkxg.network.feed.share_expiries import record_due_expiries
from linkxg.network.feed.store import purge_entries
from linkxg.network.passports.access.store import purge_access_requests, purge_accesses, purge_grants
from linkxg.network.requests.store import purge_requests
from linkxg.network.shares.retention_store import purge_shares
from linkxg.runtime.background import BackgroundTask

EVERY_S = 60.0
BATCH = 500
STEP = 50
"""Rows that a worker deletes per transaction: so few that no request notices."""
SHARE = 0.05
"""Of the database's time."""
SHORTEST_PAUSE_S = 0.02


class Purge(Protocol):
    """Deletes or records up to `limit` expired rows and returns how many; `now` is in milliseconds."""

    def __call__(self, conn: Connection, *, now: int, limit: int) -> int: ...


PURGES: Mapping[str, Purge] = {
    "sessions": purge_sessions,
    "invitations": purge_invitations,
    "sign_ups": purge_sign_ups,
    "email_changes": purge_email_changes,
    "login_failures": purge_failures,
    "mfa_challenges": purge_mfa_challenges,
    "totp_factors": purge_pending_totp,
    "password_resets": purge_resets,
    "passkey_challenges": purge_passkey_challenges,
    "idempotency_keys": idempotency.purge,
    "changes": invalidation_feed.purge,
    "client_secrets": purge_secrets,
    "used_assertions": purge_assertions,
    "client_usage": purge_usage,
    "used_dpop_proofs": purge_used_proofs,
    "refused_requests": purge_rejections,
    "import_parts": purge_parts,
    "import_jobs": purge_jobs,
    "connections": purge_connections,
    "feed_entries": purge_entries,
    "shared_reads": purge_reads,
    "shares": purge_shares,
    "share_requests": purge_requests,
    "passport_access_requests": purge_access_requests,
    "passport_grants": purge_grants,
    "passport_accesses": purge_accesses,
    "scim_tokens": purge_tokens,
    "federated_sign_ins": purge_sign_ins,
    "federated_sessions": purge_federated_sessions,
    "logout_tokens": purge_logout_tokens,
    "email_domains": purge_domains,
    "expired_shares": record_due_expiries,
}
"""By table; expired shares stay in theirs."""


class PurgeFailed(Exception):
    """Expired rows of some tables could not be deleted."""


class Purger:
    """Purges all tables every `every_s` seconds; a failure is logged and tried again the next time."""

    def __init__(self, database: Database, every_s: float = EVERY_S) -> None:
        self._database = database
        self._every_s = every_s
        self.task = BackgroundTask("housekeeping", self._run, every_s=0.0)

    async def purge_all(self) -> list[str]:
        """Delete everything that has expired, table by table, with pauses; returns the tables that failed."""
        now = now_ms()
        deleted: dict[str, int] = {}
        failed: list[str] = []
        for table, purge in PURGES.items():
            try:
                deleted[table] = await self._purge_table(purge, now)
            except PublicError as error:
                log.warning("housekeeping.failed", table=table, reason=error.reason)
                failed.append(table)
            except Exception as fault:  # noqa: BLE001  a fault of one table must not stop the others
                log.error("housekeeping.failed", table=table, fault=type(fault).__name__)
                failed.append(table)
        if any(deleted.values()):
            log.info("housekeeping", **{table: count for table, count in deleted.items() if count})
        return failed

    async def _purge_table(self, purge: Purge, now: int) -> int:
        """Delete step by step until nothing is left, or another worker does it; returns the rows deleted."""
        deleted = 0
        while True:
            began = time.monotonic()
            count = await self._database.write(_step, purge, now)
            deleted += count
            if not count:
                return deleted
            took = time.monotonic() - began
            await asyncio.sleep(max(SHORTEST_PAUSE_S, took * (1 / SHARE - 1)))

    async def _run(self) -> None:
        # Workers that started together purge at different times.
        await self.task.pause(self._every_s * random.uniform(0.5, 1.5))  # noqa: S311  no secret depends on it
        if not self.task.stopping.is_set() and (failed := await self.purge_all()):
            raise PurgeFailed(failed)


def _step(conn: Connection, purge: Purge, now: int) -> int:
    return purge(conn, now=now, limit=STEP) if has_advisory_lock(conn, "housekeeping") else 0
