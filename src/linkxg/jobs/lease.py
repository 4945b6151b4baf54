"""The lease of a running job: the worker that holds it, and the rights of whoever started it."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.identity.authorization.job_rights import job_is_authorised
from linkxg.identity.tokens.scopes import ROLE_SCOPES

LEASE_MS = 10_000
HEARTBEAT_MS = LEASE_MS // 3
STUCK_MS = 60_000
"""A process that has committed nothing for so long is ended: the slowest batch of a busy machine takes a fraction."""
ROLLBACK_LEASE_MS = 600_000
"""For the one transaction of `rollback_mode`, until whose end nobody sees what it writes."""
SCOPE = "imports:write"
_ROLES = frozenset(role for role, scopes in ROLE_SCOPES.items() if SCOPE in scopes)


class JobLease(NamedTuple):
    """The job, the worker that holds it, and the caller on whose behalf it runs."""

    account_id: str
    job_id: str
    worker: str
    actor_kind: str
    actor_id: str


def is_authorised(conn: Connection, lease: JobLease) -> bool:
    """Whether the caller who started the job may still import; called before any row is locked."""
    return job_is_authorised(conn, lease.account_id, lease.actor_kind, lease.actor_id, scope=SCOPE, roles=_ROLES)
