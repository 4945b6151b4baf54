"""Finds the job that carried out a dry run."""

from sqlalchemy import Connection, select

from linkxg.jobs.model import JobRow
from linkxg.jobs.store import jobs


def find_writing_job(conn: Connection, account_id: str, dry_run: JobRow) -> JobRow | None:
    """The first job after the dry run that writes the rows which that has checked."""
    of_rows = (
        jobs.c.account_id == account_id,
        jobs.c.file_id == dry_run.file_id,
        jobs.c.only_failed_of.is_not_distinct_from(dry_run.only_failed_of),
        jobs.c.dry_run == 0,
        jobs.c.id > dry_run.id,
    )
    columns = [jobs.c[name] for name in JobRow._fields]
    row = conn.execute(select(*columns).where(*of_rows).order_by(jobs.c.id).limit(1)).first()
    return None if row is None else JobRow._make(row)
