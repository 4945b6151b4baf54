"""Carries out what a dry run has checked: a new job of the same file, which writes."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.catalog.product_imports.model import RESOURCE
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.ids import is_uuid
from linkxg.jobs.dry_run_store import find_writing_job
from linkxg.jobs.idempotent_job import recorded_job_of
from linkxg.jobs.model import KEEP_MS, JobRow
from linkxg.jobs.start_job import open_job, record_start, same_file_job
from linkxg.jobs.store import find_job

CHECKED = ("COMPLETED", "COMPLETED_WITH_ERRORS")


def may_apply(job: JobRow) -> bool:
    """Whether the job is a dry run that has seen the whole file, and found something to take."""
    taken = job.created + job.updated + (job.unchanged if job.publish else 0)
    return bool(job.dry_run) and job.status in CHECKED and taken > 0


async def find_applied_import(database: Database, account_id: str, dry_run: JobRow) -> JobRow | None:
    """The import that carried out this dry run, if there is one."""
    return await database.read_single(find_writing_job, account_id, dry_run.file_id, after=dry_run.id)


async def apply_dry_run(
    database: Database, actor: Actor, account_id: str, job_id: str, idempotency_key: str | None = None
) -> IdempotentOutcome[JobRow]:
    """Raises NotFound, InvalidState, IdempotencyKeyReused or RateLimitExceeded."""
    if not is_uuid(job_id):
        raise NotFound

    def unit(conn: Connection) -> JobRow | PublicError:
        job = find_job(conn, account_id, job_id)
        if job is None or job.resource != RESOURCE:
            return NotFound()
        file_of = find_job(conn, account_id, job.file_id)
        if not may_apply(job) or file_of is None or file_of.created_at < now_ms() - KEEP_MS:
            return InvalidState("Only a dry run whose file is still stored can be applied. Send the file again.")
        wanted = same_file_job(job, actor)._replace(dry_run=0)
        if refused := open_job(conn, account_id, wanted):
            return refused
        record_start(conn, actor, account_id, wanted)
        return wanted

    request = Request(account_id, f"POST /imports/{job_id}/apply", idempotency_key, [actor.id])
    return await recorded_job_of(database, actor, account_id, request, unit)
