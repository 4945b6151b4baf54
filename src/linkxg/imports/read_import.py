"""Reads the state of a job and the results of its rows."""

import asyncio
from typing import Any

import msgspec

from linkxg.clock import now_ms, rfc3339, rfc3339_or_none
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid
from linkxg.imports import store
from linkxg.imports.model import OPEN, Checkpoint, Job, JobError, JobRow, Links, RowError, RowResult
from linkxg.imports.take_rows import unpack

ROWS_AT_ONCE = 100
_POLL_S = 0.25


async def read_import(database: Database, account_id: str, job_id: str) -> JobRow:
    """Raises NotFound, also for another account's job and for what is no id at all."""
    job = await database.read(store.find_job, account_id, job_id) if is_uuid(job_id) else None
    if job is None:
        raise NotFound
    return job


async def await_import(database: Database, account_id: str, job_id: str, seconds: float) -> JobRow:
    """The job when it has ended, or after so many seconds. Raises NotFound."""
    job = await read_import(database, account_id, job_id)
    until = now_ms() + seconds * 1_000
    # The end is told by the row alone: another node may be at work.
    while job.status in OPEN and now_ms() < until:
        await asyncio.sleep(_POLL_S)
        job = await read_import(database, account_id, job_id)
    return job


async def list_imports(
    database: Database, account_id: str, *, after: list[Any] | None, limit: int
) -> tuple[list[JobRow], list[Any] | None]:
    """(a page of jobs, newest first; the position to continue after or None)."""
    before = None if after is None else after[0]
    found = await database.read(store.list_jobs, account_id, before=before, limit=limit + 1)
    return found[:limit], [found[limit - 1].id] if len(found) > limit else None


async def list_row_errors(
    database: Database, account_id: str, job_id: str, *, after: list[Any] | None, limit: int
) -> tuple[list[RowError], list[Any] | None]:
    """(faults of up to `limit` failed rows, the position to continue after or None). Raises NotFound."""
    await read_import(database, account_id, job_id)
    place = 0 if after is None else after[0]
    failed = await database.read(store.list_errors, account_id, job_id, after=place, limit=limit + 1)
    told = [
        RowError(row.row, row.line, row.key, fault.field, fault.code, fault.message, fault.value)
        for row in failed[:limit]
        for fault in row.faults
    ]
    return told, [failed[limit - 1].row] if len(failed) > limit else None


async def list_results(
    database: Database, account_id: str, job_id: str, *, after: int
) -> tuple[list[RowResult], int | None]:
    """(results of one batch of rows, the place after which the next one begins or None)."""
    found = await database.read(store.list_batches, account_id, job_id, after=after, limit=1)
    return (unpack(found[0][1]), found[0][0]) if found else ([], None)


def view(job: JobRow, address: str) -> Job:
    """As answers tell it; `address` is that of the imports."""
    here = f"{address}/{job.id}"
    ended = job.status not in OPEN
    seconds = ((job.finished_at or now_ms()) - job.started_at) / 1_000 if job.started_at else 0
    return Job(
        id=job.id,
        resource=job.resource,
        format=job.format,
        mode=job.mode,
        key=job.key,
        on_error=job.on_error,
        empty_as=job.empty_as,
        dry_run=bool(job.dry_run),
        publish=bool(job.publish),
        status=job.status,
        file_name=job.file_name or None,
        bytes_total=job.bytes_total,
        bytes_processed=job.bytes_processed,
        rows_processed=job.rows_processed,
        created=job.created,
        updated=job.updated,
        unchanged=job.unchanged,
        failed=job.failed,
        rows_per_second=round(job.rows_processed / seconds) if seconds else None,
        checkpoint=Checkpoint(job.rows_processed, job.bytes_processed),
        sha256=job.sha256,
        error=None if job.error is None else msgspec.json.decode(job.error, type=JobError),
        created_at=rfc3339(job.created_at),
        started_at=rfc3339_or_none(job.started_at),
        finished_at=rfc3339_or_none(job.finished_at),
        links=Links(
            here,
            f"{here}/errors",
            f"{here}/results",
            f"{here}/content" if job.status == "UPLOADING" and job.upload_length is not None else None,
            None if ended else f"{here}/cancel",
            f"{here}/retry" if may_retry(job) else None,
        ),
    )


def may_retry(job: JobRow) -> bool:
    return job.status in ("FAILED", "CANCELLED", "COMPLETED_WITH_ERRORS") and job.bytes_total > 0
