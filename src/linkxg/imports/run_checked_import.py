"""Carries out what a dry run has checked: a new job of the same file, which writes."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import Outcome, Request
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.ids import is_uuid, uuid7
from linkxg.imports import store
from linkxg.imports.made_once import made_once
from linkxg.imports.model import KEEP_MS, JobRow, as_json
from linkxg.imports.start_import import open_job, record_start

CHECKED = ("COMPLETED", "COMPLETED_WITH_ERRORS")


def may_apply(job: JobRow) -> bool:
    """Whether the job is a dry run that has seen the whole file, and found something to take."""
    taken = job.created + job.updated + (job.unchanged if job.publish else 0)
    return bool(job.dry_run) and job.status in CHECKED and taken > 0


async def run_checked_import(
    database: Database, actor: Actor, account_id: str, job_id: str, idempotency_key: str | None = None
) -> Outcome[JobRow]:
    """Raises NotFound, InvalidState, IdempotencyKeyReused or RateLimitExceeded."""
    if not is_uuid(job_id):
        raise NotFound

    def unit(conn: Connection) -> JobRow | PublicError:
        job = store.find_job(conn, account_id, job_id)
        if job is None:
            return NotFound()
        now = now_ms()
        file_of = store.find_job(conn, account_id, job.file_id)
        if not may_apply(job) or file_of is None or file_of.created_at < now - KEEP_MS:
            return InvalidState("Only a dry run whose file is still stored can be applied. Send the file again.")
        wanted = job._replace(
            id=uuid7(), status="QUEUED", dry_run=0, bytes_processed=0, rows_processed=0, line=0, created=0, updated=0,
            unchanged=0, failed=0, actor=as_json(actor.identity), error=None, cancel_wanted=0, created_at=now,
            started_at=None, finished_at=None, touched_at=now, lease_until=0, worker=None, attempts=0,
        )  # fmt: skip
        if refused := open_job(conn, account_id, wanted):
            return refused
        record_start(conn, actor, account_id, wanted)
        return wanted

    request = Request(account_id, f"POST /imports/{job_id}/apply", idempotency_key, [actor.id])
    return await made_once(database, actor, account_id, request, unit)
