"""Begins an upload in parts, of which nothing has come yet."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import Outcome, Request
from linkxg.errors import PayloadTooLarge, PublicError
from linkxg.jobs.made_once import made_once
from linkxg.jobs.model import MAX_UPLOAD, JobRow
from linkxg.jobs.refusal import refusal
from linkxg.jobs.start_job import ROUTE, open_job


async def begin_upload(
    database: Database,
    actor: Actor,
    account_id: str,
    job: JobRow,
    length: int,
    *,
    idempotency_key: str | None = None,
) -> Outcome[JobRow]:
    """The job, which waits for `length` bytes.

    Raises PayloadTooLarge, ValidationFailed for an empty file, RateLimitExceeded, or IdempotencyKeyReused.
    """
    if length > MAX_UPLOAD:
        raise PayloadTooLarge
    if not length:
        raise refusal("empty", "The file is empty.")
    job = job._replace(upload_length=length)
    request = Request(account_id, ROUTE, idempotency_key, [actor.id, job.options, length])

    def unit(conn: Connection) -> JobRow | PublicError:
        return open_job(conn, account_id, job) or job

    return await made_once(database, actor, account_id, request, unit)
