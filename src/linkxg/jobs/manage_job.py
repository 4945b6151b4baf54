"""Cancels a job, or retries it."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.ids import is_uuid
from linkxg.jobs import store
from linkxg.jobs.idempotent_job import JobUnit, run_job_once
from linkxg.jobs.model import KEEP_MS, OPEN, JobRow, as_json
from linkxg.jobs.start_job import check_job_limit, open_job, record_start, same_file_job


async def cancel_job(
    database: Database, actor: Actor, account_id: str, job_id: str, resource: str, idempotency_key: str | None = None
) -> IdempotentOutcome[JobRow]:
    """The cancelled job; a running one ends after its present batch, whose rows stay.

    Raises NotFound, IdempotencyKeyReused, or InvalidState for a job that has ended.
    """

    def unit(conn: Connection) -> JobRow | PublicError:
        job = store.find_job(conn, account_id, job_id)
        if job is None or job.resource != resource:
            return NotFound()
        if job.status not in OPEN:
            return InvalidState("The import has already ended.")
        now = now_ms()
        waiting = {"status": "CANCELLED", "cancel_wanted": 1, "finished_at": now, "touched_at": now}
        if not store.update_job(conn, account_id, job_id, seen=("UPLOADING", "QUEUED"), **waiting):
            store.update_job(conn, account_id, job_id, seen=("RUNNING",), cancel_wanted=1)
        audit.record(conn, account_id, actor, "import.cancelled", job_id)
        return store.find_job(conn, account_id, job_id) or NotFound()

    return await _once(database, actor, account_id, job_id, "cancel", idempotency_key, unit)


async def retry_job(
    database: Database, actor: Actor, account_id: str, job_id: str, resource: str, idempotency_key: str | None = None
) -> IdempotentOutcome[JobRow]:
    """Continue a FAILED or CANCELLED job from its checkpoint. Of one that is COMPLETED_WITH_ERRORS, start a new job for
    the failed rows, from the stored file.

    Raises NotFound, InvalidState, IdempotencyKeyReused or RateLimitExceeded.
    """

    def unit(conn: Connection) -> JobRow | PublicError:
        job = store.find_job(conn, account_id, job_id)
        if job is None or job.resource != resource:
            return NotFound()
        now = now_ms()
        if job.status in OPEN or job.status == "COMPLETED":
            return InvalidState("Only an import that failed, was cancelled or has rejected rows can be retried.")
        file_of = store.find_job(conn, account_id, job.file_id)
        if file_of is None or file_of.created_at < now - KEEP_MS or not job.bytes_total:
            return InvalidState("The file of this import is no longer stored; send it again.")
        if job.status == "COMPLETED_WITH_ERRORS":
            again = same_file_job(job, actor)._replace(only_failed_of=job.id)
            if refusal := open_job(conn, account_id, again):
                return refusal
            record_start(conn, actor, account_id, again)
            return again
        if refusal := check_job_limit(conn, account_id, resource, now):
            return refusal
        # From here on, the caller who retries is the actor.
        values = {"status": "QUEUED", "actor": as_json(actor.identity), "error": None, "finished_at": None,
                  "cancel_wanted": 0, "attempts": 0, "lease_until": 0, "touched_at": now}  # fmt: skip
        store.update_job(conn, account_id, job_id, seen=("FAILED", "CANCELLED"), **values)
        record_start(conn, actor, account_id, job)
        return store.find_job(conn, account_id, job_id) or NotFound()

    return await _once(database, actor, account_id, job_id, "retry", idempotency_key, unit)


async def _once(
    database: Database, actor: Actor, account_id: str, job_id: str, verb: str, key: str | None, unit: JobUnit
) -> IdempotentOutcome[JobRow]:
    """The outcome of `unit`; for a repetition, the present state of its job."""
    if not is_uuid(job_id):
        raise NotFound
    request = Request(account_id, f"POST /imports/{job_id}/{verb}", key, [actor.id])
    return await run_job_once(database, actor, account_id, request, unit)
