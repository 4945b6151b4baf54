"""Starts a job: the file is stored as it arrives; once it is complete the job is queued, with its audit event."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request, find_record
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import IdempotencyKeyReused, PublicError, RateLimitExceeded
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import uuid7
from linkxg.jobs import store
from linkxg.jobs.gunzip import FileFacts
from linkxg.jobs.handler import HeadCheck
from linkxg.jobs.idempotent_job import RecordedJob, run_job_once
from linkxg.jobs.limit_error import limit_error
from linkxg.jobs.model import MAX_OPEN_JOBS, OPTIONS, UPLOAD_LEASE_MS, FileFormat, JobRow, OnError, as_json
from linkxg.jobs.open_jobs_store import count_open_jobs, lock_jobs
from linkxg.jobs.receive_file import receive_file
from linkxg.jobs.repeated_upload import digest_repeated_file
from linkxg.jobs.upload_lease import renew_while_receiving, upload_lost
from linkxg.jobs.uploads.delete_upload import discard_upload

ROUTE = "POST /imports"
_RETRY_S = 10


class _Repetition(NamedTuple):
    """A repeated request; `file_size` is that of the first one's file, unless its job has been deleted."""

    file_size: int | None


async def start_job(
    database: Database,
    actor: Actor,
    account_id: str,
    job: JobRow,
    check: HeadCheck,
    parts: AsyncIterator[bytes],
    *,
    idempotency_key: str | None = None,
    charset: str | None = None,
    finalize: Callable[[JobRow], JobRow] | None = None,
    route: str = ROUTE,
    max_open: int = MAX_OPEN_JOBS,
) -> IdempotentOutcome[JobRow]:
    """Queue a new job for the file in `parts`; `charset` is that of `receive_file`.

    `finalize` returns the job with its final options, where they may follow the file in a form. `route` is that of the
    request, to which a key belongs; an account may have `max_open` open jobs of this kind.

    The key is looked up before the file is read: a repetition stores nothing and opens no job.

    Raises RateLimitExceeded, ValidationFailed, PayloadTooLarge, IdempotencyKeyReused, Conflict for an upload that was
    cancelled or orphaned meanwhile, and the errors of `parts`.
    """
    job = job._replace(lease_until=job.created_at + UPLOAD_LEASE_MS)

    def request_for(made: JobRow, sha256: str) -> Request:
        return Request(account_id, route, idempotency_key, [actor.id, made.options, sha256])

    first_request = request_for(job, "")
    repeated = value_or_raise(
        await write_as(database, actor, _open_or_recall, account_id, job, first_request, finalize is None, max_open)
    )
    if repeated is not None:
        sha256 = await digest_repeated_file(parts, account_id, size=repeated.file_size)
        if finalize is not None:
            job = finalize(job)
        # The record may have expired meanwhile.
        return await run_job_once(database, actor, account_id, request_for(job, sha256), lambda conn: upload_lost())

    async def keep(number: int, block: bytes) -> None:
        stored = await write_as(
            database, actor, store.insert_block, account_id, job.id, number=number, content=block, now=now_ms()
        )
        if not stored:
            raise upload_lost()

    try:
        columns, facts = await receive_file(
            check, renew_while_receiving(database, account_id, job.id, parts), keep, charset=charset
        )
        if finalize is not None:
            job = finalize(job)

        def queue(conn: Connection) -> JobRow | PublicError:
            return _queue(conn, actor, account_id, job, columns=columns, facts=facts)

        outcome = await run_job_once(database, actor, account_id, request_for(job, facts.sha256), queue)
    except BaseException:
        # Also if the client has disconnected.
        with contextlib.suppress(PublicError):
            await asyncio.shield(discard_upload(database, account_id, job.id))
        raise
    if outcome.replayed:
        # Another request with this key has won.
        await discard_upload(database, account_id, job.id)
    return outcome


def new_job(
    actor: Actor,
    resource: str,
    *,
    format: FileFormat,
    mode: str = "",
    key: str = "",
    on_error: OnError = "proceed",
    empty_as: str = "",
    dry_run: bool = False,
    publish: bool = False,
    file_name: str = "",
) -> JobRow:
    """A job without its file."""
    now, job_id = now_ms(), uuid7()
    shown = "".join(char for char in file_name.replace("\\", "/").rpartition("/")[2] if char.isprintable())
    return JobRow(
        id=job_id, resource=resource, format=format, mode=mode, key=key, on_error=on_error, empty_as=empty_as,
        dry_run=int(dry_run), publish=int(publish), status="UPLOADING", file_id=job_id, file_name=shown[:255],
        actor=as_json(actor.identity), created_at=now, touched_at=now,
    )  # fmt: skip


def same_file_job(job: JobRow, actor: Actor) -> JobRow:
    """A new job for the same file with the same options, from the first row."""
    now = now_ms()
    return job._replace(
        id=uuid7(), status="QUEUED", bytes_processed=0, rows_processed=0, line=0, created=0, updated=0, unchanged=0,
        failed=0, actor=as_json(actor.identity), error=None, cancel_wanted=0, created_at=now, started_at=None,
        finished_at=None, touched_at=now, lease_until=0, worker=None, attempts=0,
    )  # fmt: skip


def _open_or_recall(
    conn: Connection, account_id: str, job: JobRow, request: Request, options_are_known: bool, max_open: int
) -> _Repetition | PublicError | None:
    """Open the job, unless the request is a repetition, as far as that is known before its file."""
    recorded = find_record(conn, request)
    if recorded is None:
        return open_job(conn, account_id, job, max_open)
    first = store.find_job(conn, account_id, recorded.read(RecordedJob).id)
    if first is not None and (first.upload_length or (options_are_known and first.options != job.options)):
        return IdempotencyKeyReused()
    return _Repetition(None if first is None else first.bytes_uploaded)


def open_job(conn: Connection, account_id: str, job: JobRow, max_open: int = MAX_OPEN_JOBS) -> RateLimitExceeded | None:
    """Insert the job, unless the account has too many open ones of its kind."""
    refused = check_job_limit(conn, account_id, job.resource, job.created_at, max_open)
    if refused is None:
        store.insert_job(conn, account_id, job)
    return refused


def check_job_limit(
    conn: Connection, account_id: str, resource: str, now: int, max_open: int = MAX_OPEN_JOBS
) -> RateLimitExceeded | None:
    """The error if the account has too many open jobs of this kind; none is opened until this transaction ends."""
    lock_jobs(conn, account_id)
    if count_open_jobs(conn, account_id, resource=resource, now=now) < max_open:
        return None
    description = f"There are already {max_open} open imports. Wait until one of them has ended."
    return limit_error(description, retry_s=_RETRY_S, most=max_open)


def _queue(
    conn: Connection,
    actor: Actor,
    account_id: str,
    job: JobRow,
    *,
    columns: list[str],
    facts: FileFacts,
) -> JobRow | PublicError:
    """Queue a complete upload."""
    # A cancelled or orphaned upload is being deleted: it must not be the recorded answer either.
    if not store.hold_upload(conn, account_id, job.id, now=now_ms()):
        return upload_lost()
    queued = job._replace(
        status="QUEUED", columns=as_json(columns), bytes_total=facts.bytes, bytes_uploaded=facts.uploaded,
        sha256=facts.sha256, touched_at=now_ms(), lease_until=0,
    )  # fmt: skip
    changed = {name: getattr(queued, name) for name in _QUEUED}
    store.update_job(conn, account_id, job.id, seen=("UPLOADING",), **changed)
    record_start(conn, actor, account_id, queued)
    return queued


_QUEUED = (
    "status", "columns", "bytes_total", "bytes_uploaded", "sha256", "touched_at", "lease_until",
    *OPTIONS,
)  # fmt: skip


def record_start(conn: Connection, actor: Actor, account_id: str, job: JobRow) -> None:
    details: dict[str, Any] = {"sha256": job.sha256, "resource": job.resource}
    if job.mode:
        details |= {"mode": job.mode, "dry_run": bool(job.dry_run), "publish": bool(job.publish)}
    audit.record(conn, account_id, actor, "import.started", job.id, details)
