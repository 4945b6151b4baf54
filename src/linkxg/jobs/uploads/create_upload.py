"""Creates a resumable upload."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import PayloadTooLarge, PublicError
from linkxg.jobs.file_error import file_error
from linkxg.jobs.idempotent_job import run_job_once
from linkxg.jobs.model import MAX_UPLOAD, JobRow
from linkxg.jobs.start_job import ROUTE, open_job


async def create_upload(
    database: Database,
    actor: Actor,
    account_id: str,
    job: JobRow,
    length: int,
    *,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[JobRow]:
    """The job of an upload of `length` bytes.

    Raises PayloadTooLarge, ValidationFailed for an empty file, RateLimitExceeded, or IdempotencyKeyReused.
    """
    if length > MAX_UPLOAD:
        raise PayloadTooLarge
    if not length:
        raise file_error("empty", "The file is empty.")
    job = job._replace(upload_length=length)
    request = Request(account_id, ROUTE, idempotency_key, [actor.id, job.options, length])

    def unit(conn: Connection) -> JobRow | PublicError:
        return open_job(conn, account_id, job) or job

    return await run_job_once(database, actor, account_id, request, unit)
