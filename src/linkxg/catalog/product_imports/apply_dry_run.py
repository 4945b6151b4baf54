"""Applies a dry run: starts a job with the same file and options that writes."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.catalog.product_imports.model import RESOURCE
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.ids import is_uuid
from linkxg.jobs.dry_run_store import find_writing_job
from linkxg.jobs.idempotent_job import run_job_once
from linkxg.jobs.model import KEEP_MS, JobRow
from linkxg.jobs.open_jobs_store import lock_jobs
from linkxg.jobs.start_job import open_job, record_start, same_file_job
from linkxg.jobs.store import find_job

_COMPLETED = ("COMPLETED", "COMPLETED_WITH_ERRORS")


def may_apply(job: JobRow) -> bool:
    """Whether the job is a completed dry run that would write something."""
    writes = job.created + job.updated + (job.unchanged if job.publish else 0)
    return bool(job.dry_run) and job.status in _COMPLETED and writes > 0


async def find_applied_import(database: Database, account_id: str, dry_run: JobRow) -> JobRow | None:
    """The import that carried out this dry run, if there is one."""
    return await database.read_single(find_writing_job, account_id, dry_run)


async def apply_dry_run(
    database: Database, actor: Actor, account_id: str, job_id: str, idempotency_key: str | None = None
) -> IdempotentOutcome[JobRow]:
    """The import that carries out the dry run; there is only one, however often this is called.

    Raises NotFound, InvalidState, IdempotencyKeyReused or RateLimitExceeded.
    """
    if not is_uuid(job_id):
        raise NotFound

    def unit(conn: Connection) -> JobRow | PublicError:
        job = find_job(conn, account_id, job_id)
        if job is None or job.resource != RESOURCE:
            return NotFound()
        if job.dry_run:
            # Until this transaction ends, nobody else applies it.
            lock_jobs(conn, account_id)
            if applied := find_writing_job(conn, account_id, job):
                return applied
        file_job = find_job(conn, account_id, job.file_id)
        if not may_apply(job) or file_job is None or file_job.created_at < now_ms() - KEEP_MS:
            return InvalidState("Only a dry run whose file is still stored can be applied. Send the file again.")
        new_job = same_file_job(job, actor)._replace(dry_run=0)
        if error := open_job(conn, account_id, new_job):
            return error
        record_start(conn, actor, account_id, new_job)
        return new_job

    request = Request(account_id, f"POST /imports/{job_id}/apply", idempotency_key, [actor.id])
    return await run_job_once(database, actor, account_id, request, unit)
