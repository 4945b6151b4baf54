"""Finds the job that carried out a dry run."""

from sqlalchemy import Connection, select

from linkxg.jobs.model import JobRow
from linkxg.jobs.store import jobs


def find_writing_job(conn: Connection, account_id: str, file_id: str, *, after: str) -> JobRow | None:
    """The first job after the job `after` that writes the rows of this file."""
    of_file = (jobs.c.account_id == account_id, jobs.c.file_id == file_id, jobs.c.dry_run == 0, jobs.c.id > after)
    columns = [jobs.c[name] for name in JobRow._fields]
    row = conn.execute(select(*columns).where(*of_file).order_by(jobs.c.id).limit(1)).first()
    return None if row is None else JobRow._make(row)
