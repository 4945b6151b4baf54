"""Cancels and retries import jobs."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import Request
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.ids import is_uuid, uuid7
from linkxg.imports import store
from linkxg.imports.made_once import Unit, made_once
from linkxg.imports.model import KEEP_MS, OPEN, JobRow, as_json
from linkxg.imports.start_import import Started, crowded, open_job, record_start


async def cancel_import(
    database: Database, actor: Actor, account_id: str, job_id: str, idempotency_key: str | None = None
) -> Started:
    """The job as it then is: a running one ends after its present batch, whose rows stay.

    Raises NotFound, IdempotencyKeyReused, or InvalidState for a job that has ended.
    """

    def unit(conn: Connection) -> JobRow | PublicError:
        job = store.find_job(conn, account_id, job_id)
        if job is None:
            return NotFound()
        if job.status not in OPEN:
            return InvalidState("The import has ended already.")
        now = now_ms()
        waiting = {"status": "CANCELLED", "cancel_wanted": 1, "finished_at": now, "touched_at": now}
        if not store.update_job(conn, account_id, job_id, seen=("UPLOADING", "QUEUED"), **waiting):
            store.update_job(conn, account_id, job_id, seen=("RUNNING",), cancel_wanted=1)
        audit.record(conn, account_id, actor, "import.cancelled", job_id)
        return store.find_job(conn, account_id, job_id) or NotFound()

    return await _once(database, actor, account_id, job_id, "cancel", idempotency_key, unit)


async def retry_import(
    database: Database, actor: Actor, account_id: str, job_id: str, idempotency_key: str | None = None
) -> Started:
    """A job that FAILED or was cancelled goes on from its checkpoint; of one that COMPLETED_WITH_ERRORS a new job takes
    the failed rows again, from the file that is still kept.

    Raises NotFound, InvalidState, IdempotencyKeyReused or RateLimitExceeded.
    """

    def unit(conn: Connection) -> JobRow | PublicError:
        job = store.find_job(conn, account_id, job_id)
        if job is None:
            return NotFound()
        now = now_ms()
        if job.status in OPEN or job.status == "COMPLETED":
            return InvalidState("Only an import that failed, was cancelled or has failed rows can be tried again.")
        file_of = store.find_job(conn, account_id, job.file_id)
        if file_of is None or file_of.created_at < now - KEEP_MS or not job.bytes_total:
            return InvalidState("The file of this import is not kept any more; send it again.")
        if job.status == "COMPLETED_WITH_ERRORS":
            again = _again(job, actor, now)
            if refusal := open_job(conn, account_id, again):
                return refusal
            record_start(conn, actor, account_id, again)
            return again
        if refusal := crowded(conn, account_id, now):
            return refusal
        # Whoever retries answers for what is written from here on.
        values = {"status": "QUEUED", "actor": as_json(actor.identity), "error": None, "finished_at": None,
                  "cancel_wanted": 0, "attempts": 0, "lease_until": 0, "touched_at": now}  # fmt: skip
        store.update_job(conn, account_id, job_id, seen=("FAILED", "CANCELLED"), **values)
        record_start(conn, actor, account_id, job)
        return store.find_job(conn, account_id, job_id) or NotFound()

    return await _once(database, actor, account_id, job_id, "retry", idempotency_key, unit)


def _again(job: JobRow, actor: Actor, now: int) -> JobRow:
    """A job of the same file, for the rows that failed."""
    return job._replace(
        id=uuid7(), status="QUEUED", only_failed_of=job.id, bytes_processed=0, rows_processed=0, line=0, created=0,
        updated=0, unchanged=0, failed=0, actor=as_json(actor.identity), error=None, cancel_wanted=0, created_at=now,
        started_at=None, finished_at=None, touched_at=now, lease_until=0, worker=None, attempts=0,
    )  # fmt: skip


async def _once(
    database: Database, actor: Actor, account_id: str, job_id: str, verb: str, key: str | None, unit: Unit
) -> Started:
    """What `unit` leaves; of a request that was made before, its job as it is now."""
    if not is_uuid(job_id):
        raise NotFound
    request = Request(account_id, f"POST /imports/{job_id}/{verb}", key, [actor.id]) if key is not None else None
    return await made_once(database, actor, account_id, request, unit)
