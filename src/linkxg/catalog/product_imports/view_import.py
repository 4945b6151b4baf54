"""A product import as a resource of the API."""

import msgspec

from linkxg.catalog.product_imports.model import Checkpoint, Job, Links, options_of
from linkxg.clock import now_ms, rfc3339, rfc3339_or_none
from linkxg.jobs.model import OPEN, JobError, JobRow
from linkxg.jobs.read_job import may_retry


def view_import(job: JobRow, address: str) -> Job:
    """`address` is that of the collection."""
    here = f"{address}/{job.id}"
    ended = job.status not in OPEN
    seconds = ((job.finished_at or now_ms()) - job.started_at) / 1_000 if job.started_at else 0
    options = options_of(job)
    return Job(
        id=job.id,
        resource=job.resource,
        format=options.format,
        mode=options.mode,
        key=options.key,
        on_error=options.on_error,
        empty_as=options.empty_as,
        dry_run=options.dry_run,
        publish=options.publish,
        status=job.status,
        file_name=job.file_name or None,
        bytes_total=job.bytes_total,
        bytes_processed=job.bytes_processed,
        rows_processed=job.rows_processed,
        created=job.created if job.is_written else 0,
        updated=job.updated if job.is_written else 0,
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
