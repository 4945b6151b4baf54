"""The SQL that counts the open jobs of an account, and finds abandoned uploads."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select

from linkxg.db.advisory_lock import lock_until_commit
from linkxg.jobs.model import OPEN, ORPHANED, RESUMABLE_MS, STALE_MS
from linkxg.jobs.store import jobs

_ORPHANS = 100
_IN_ONE_PIECE = (jobs.c.status == "UPLOADING") & jobs.c.upload_length.is_(None)


class OrphanedJob(NamedTuple):
    """An upload whose worker has died; `touched_at` (milliseconds) is when its last part came."""

    account_id: str
    job_id: str
    touched_at: int


def count_open_jobs(conn: Connection, account_id: str, *, resource: str, now: int) -> int:
    """Unfinished jobs of one kind, without abandoned uploads."""
    is_open = (jobs.c.resource == resource) & jobs.c.status.in_(OPEN) & not_(is_abandoned(now))
    return conn.execute(
        select(func.count()).select_from(jobs).where(jobs.c.account_id == account_id, is_open)
    ).scalar_one()


def lock_jobs(conn: Connection, account_id: str) -> None:
    """Serialise the opening of jobs of the account."""
    lock_until_commit(conn, f"imports {account_id}")


def is_abandoned(now: int) -> ColumnElement[bool]:
    """Whether a job is an abandoned upload."""
    stale = and_(jobs.c.lease_until == 0, jobs.c.touched_at < now - STALE_MS)
    in_parts = and_(jobs.c.upload_length.is_not(None), jobs.c.touched_at < now - RESUMABLE_MS)
    return (jobs.c.status == "UPLOADING") & or_(in_parts, _IN_ONE_PIECE & or_(_lease_is_over(now), stale))


def list_orphans(conn: Connection, *, now: int) -> list[OrphanedJob]:
    """Uploads in one request whose worker has died, and which no worker deletes yet."""
    query = select(jobs.c.account_id, jobs.c.id, jobs.c.touched_at).where(_is_orphaned(now)).limit(_ORPHANS)
    return [OrphanedJob._make(row) for row in conn.execute(query)]


def claim_orphan(conn: Connection, account_id: str, job_id: str, *, now: int) -> bool:
    """Take the upload over for deletion; false if another worker was faster, or its own is still alive."""
    orphan = jobs.update().where(jobs.c.account_id == account_id, jobs.c.id == job_id, _is_orphaned(now))
    return conn.execute(orphan.values(lease_until=ORPHANED)).rowcount == 1


def _is_orphaned(now: int) -> ColumnElement[bool]:
    return _IN_ONE_PIECE & (jobs.c.lease_until > ORPHANED) & _lease_is_over(now)


def _lease_is_over(now: int) -> ColumnElement[bool]:
    return (jobs.c.lease_until > 0) & (jobs.c.lease_until < now)
