"""Reads capture jobs with the faults of their events."""

from typing import Any

import msgspec

from linkxg.clock import rfc3339
from linkxg.db import Database
from linkxg.jobs.model import OPEN, JobError, JobRow, RowError
from linkxg.jobs.read_job import list_first_row_errors, list_jobs, read_job
from linkxg.network.epcis.capture.faults import document_problem, event_problem
from linkxg.network.epcis.capture.model import RESOURCE, CaptureCounts, CaptureError, CaptureJob

MAX_EVENTS_SHOWN, MAX_EVENTS_LISTED = 1_000, 10
"""Rejected events whose errors a job shows, alone and in a list."""
_ROLLED_BACK = "rolled_back"


async def read_capture(database: Database, account_id: str, capture_id: str) -> CaptureJob:
    """Raises NotFound, also for jobs of other accounts and kinds."""
    job = await read_job(database, account_id, capture_id, RESOURCE)
    faults = await list_first_row_errors(database, account_id, [job], limit=MAX_EVENTS_SHOWN)
    return _view(job, faults.get(job.id, []))


async def list_captures(
    database: Database, account_id: str, *, after: list[Any] | None, limit: int
) -> tuple[list[CaptureJob], list[Any] | None]:
    """(a page of jobs, newest first; the position to continue after, or None)."""
    jobs, following = await list_jobs(database, account_id, RESOURCE, after=after, limit=limit)
    faults = await list_first_row_errors(database, account_id, jobs, limit=MAX_EVENTS_LISTED)
    return [_view(job, faults.get(job.id, [])) for job in jobs], following


def _view(job: JobRow, faults: list[RowError]) -> CaptureJob:
    errors: list[CaptureError] = []
    if job.error is not None:
        error = msgspec.json.decode(job.error, type=JobError)
        # That nothing is stored, the job says by itself.
        if error.code != _ROLLED_BACK:
            errors.append(document_problem(error))
    errors += map(event_problem, faults)
    is_open = job.status in OPEN
    return CaptureJob(
        capture_id=job.id,
        created_at=rfc3339(job.created_at),
        finished_at=msgspec.UNSET if job.finished_at is None else rfc3339(job.finished_at),
        running=is_open,
        success=not job.failed if is_open else job.status == "COMPLETED",
        capture_error_behaviour=job.on_error,
        errors=errors,
        counts=CaptureCounts(
            processed=job.rows_processed,
            captured=job.created if job.is_written else 0,
            unchanged=job.unchanged,
            rejected=job.failed,
        ),
    )
