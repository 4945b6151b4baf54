"""Reads jobs, and the results of their rows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import msgspec

from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid
from linkxg.jobs import store
from linkxg.jobs.model import OPEN, FailedRow, JobRow, RowError, RowResult, decode_batch
from linkxg.runtime import leaving

ROWS_AT_ONCE = 100
_POLL_S = 0.25


async def read_job(database: Database, account_id: str, job_id: str, resource: str) -> JobRow:
    """Raises NotFound, also for jobs of other accounts and kinds and for a malformed id."""
    job = await database.read_single(store.find_job, account_id, job_id) if is_uuid(job_id) else None
    if job is None or job.resource != resource:
        raise NotFound
    return job


async def await_job(
    database: Database,
    account_id: str,
    job_id: str,
    resource: str,
    seconds: float,
    authorise: Callable[[], Awaitable[None]],
) -> JobRow:
    """The job once it has ended, or after so many seconds. Raises NotFound.

    `authorise` is called after every pause, and raises when the caller's token has been revoked.
    """
    job = await read_job(database, account_id, job_id, resource)
    until = now_ms() + seconds * 1_000
    # Polled, for the job may run on another node.
    while job.status in OPEN and now_ms() < until and not leaving.has_begun():
        await asyncio.sleep(_POLL_S)
        await authorise()
        job = await read_job(database, account_id, job_id, resource)
    return job


async def list_jobs(
    database: Database, account_id: str, resource: str, *, after: list[Any] | None, limit: int
) -> tuple[list[JobRow], list[Any] | None]:
    """(a page of jobs, newest first; the position to continue after, or None)."""
    before = None if after is None else after[0]
    found = await database.read_single(store.list_jobs, account_id, resource=resource, before=before, limit=limit + 1)
    return found[:limit], [found[limit - 1].id] if len(found) > limit else None


async def list_row_errors(
    database: Database, account_id: str, job_id: str, resource: str, *, after: list[Any] | None, limit: int
) -> tuple[list[RowError], list[Any] | None]:
    """(faults of up to `limit` rejected rows; the position to continue after, or None). Raises NotFound."""
    await read_job(database, account_id, job_id, resource)
    place = 0 if after is None else after[0]
    failed = await database.read_in_thread(store.list_errors, account_id, job_id, after=place, limit=limit + 1)
    return _row_errors(failed[:limit]), [failed[limit - 1].row] if len(failed) > limit else None


async def list_first_row_errors(
    database: Database, account_id: str, jobs: Iterable[JobRow], *, limit: int
) -> dict[str, list[RowError]]:
    """The faults of up to `limit` rejected rows of each job, which the account has."""
    ids = [job.id for job in jobs if job.failed]
    found = await database.read_in_thread(store.list_first_errors, account_id, ids, limit=limit) if ids else {}
    return {job_id: _row_errors(failed) for job_id, failed in found.items()}


def _row_errors(failed: Iterable[FailedRow]) -> list[RowError]:
    return [
        RowError(row.row, row.line, row.key, fault.field, fault.code, fault.message, fault.value)
        for row in failed
        for fault in row.faults
    ]


async def results_file(database: Database, account_id: str, job: JobRow) -> AsyncIterator[bytes]:
    """The result of each row as NDJSON, batch by batch."""
    after = -1
    while found := await database.read_in_thread(store.list_batches, account_id, job.id, after=after, limit=1):
        after, results = found[0]
        # In a thread: a few readers of long results would block the event loop.
        yield await asyncio.to_thread(_result_lines, results, job)


def _result_lines(results: bytes, job: JobRow) -> bytes:
    return b"".join(msgspec.json.encode(_stored(one, job)._asdict()) + b"\n" for one in decode_batch(results))


def _stored(planned: RowResult, job: JobRow) -> RowResult:
    """The result without the id of a record that is not stored."""
    if not job.is_written and planned.status in ("CREATED", "UPDATED"):
        return RowResult(planned.row, "NOT_WRITTEN", None, None)
    return planned._replace(id=None) if job.dry_run and planned.status == "CREATED" else planned


def may_retry(job: JobRow) -> bool:
    return job.status in ("FAILED", "CANCELLED", "COMPLETED_WITH_ERRORS") and job.bytes_total > 0
