"""Deletes old jobs with their files and results, a few rows at a time."""

from sqlalchemy import Connection, Table, exists, not_, select, tuple_

from linkxg.jobs.model import KEEP_MS, OPEN
from linkxg.jobs.open_jobs_store import is_abandoned
from linkxg.jobs.store import BLOCKS_DELETED_AT_ONCE, batches, blocks, errors, jobs
from linkxg.jobs.uploads.store import parts

_HAS_PARTS = exists().where(parts.c.account_id == jobs.c.account_id, parts.c.job_id == jobs.c.id)


def purge_jobs(conn: Connection, *, now: int, limit: int) -> int:
    """Delete up to `limit` rows of jobs 7 days after they began, and of abandoned uploads.

    Rows that belong to a job are deleted before it (its parts by `purge_parts`).
    """
    which = (jobs.c.account_id, jobs.c.id, jobs.c.file_id)
    old = select(*which).where(jobs.c.created_at < now - KEEP_MS, jobs.c.status.not_in(OPEN), ~_HAS_PARTS)
    stale = select(*which).where(is_abandoned(now), ~_HAS_PARTS)
    left = limit
    for account_id, job_id, file_id in [row for query in (old, stale) for row in conn.execute(query.limit(limit))]:
        left -= _delete_some(conn, account_id, errors, job_id, left)
        left -= _delete_some(conn, account_id, batches, job_id, left)
        if not _is_shared(conn, account_id, file_id, job_id):
            left -= _delete_some(conn, account_id, blocks, file_id, min(left, BLOCKS_DELETED_AT_ONCE))
            if _has_blocks(conn, account_id, file_id):
                break
        if left <= 0:
            break
        conn.execute(jobs.delete().where(jobs.c.account_id == account_id, jobs.c.id == job_id))
        left -= 1
    return limit - left


def purge_parts(conn: Connection, *, now: int, limit: int) -> int:
    """Delete parts of resumable uploads that are complete or abandoned."""
    is_receiving = jobs.c.status.in_(OPEN) & (jobs.c.bytes_total == 0) & not_(is_abandoned(now))
    # Not every import has parts: those that may are found by an index of theirs.
    which = (
        select(jobs.c.account_id, jobs.c.id).where(jobs.c.upload_length > 0, _HAS_PARTS, not_(is_receiving)).limit(1)
    )
    found = conn.execute(which).first()
    return 0 if found is None else _delete_some(conn, found[0], parts, found[1], min(limit, BLOCKS_DELETED_AT_ONCE))


def _delete_some(conn: Connection, account_id: str, table: Table, job_id: str, limit: int) -> int:
    key = list(table.primary_key.columns)
    some = select(*key).where(table.c.account_id == account_id, table.c.job_id == job_id).limit(limit)
    return conn.execute(table.delete().where(tuple_(*key).in_(some))).rowcount


def _is_shared(conn: Connection, account_id: str, file_id: str, job_id: str) -> bool:
    """Whether another job reads the same file, to retry failed rows."""
    others = select(jobs.c.id).where(jobs.c.account_id == account_id, jobs.c.file_id == file_id, jobs.c.id != job_id)
    return conn.execute(others.limit(1)).first() is not None


def _has_blocks(conn: Connection, account_id: str, file_id: str) -> bool:
    found = select(blocks.c.job_id).where(blocks.c.account_id == account_id, blocks.c.job_id == file_id)
    return conn.execute(found.limit(1)).first() is not None
