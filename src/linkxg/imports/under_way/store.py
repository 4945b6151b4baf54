"""How many imports of an account are under way, and which uploads are not any more?"""

from sqlalchemy import ColumnElement, Connection, case, func, literal, not_, select

from linkxg.db.schema import Milliseconds
from linkxg.imports.model import OPEN, RESUMABLE_MS, STALE_MS
from linkxg.imports.store import jobs


def count_open_jobs(conn: Connection, account_id: str, *, now: int) -> int:
    """Jobs that are not finished, without uploads that were given up."""
    is_open = jobs.c.status.in_(OPEN) & not_(was_given_up(now))
    return conn.execute(
        select(func.count()).select_from(jobs).where(jobs.c.account_id == account_id, is_open)
    ).scalar_one()


def lock_jobs(conn: Connection, account_id: str) -> None:
    """Let one transaction at a time open jobs of the account; SQLite has only one writer anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("imports " + account_id, 0))))


def was_given_up(now: int) -> ColumnElement[bool]:
    """Whether a job is an upload that nothing comes to any more."""
    since = case(
        (jobs.c.upload_length.is_(None), literal(now - STALE_MS, Milliseconds)),
        else_=literal(now - RESUMABLE_MS, Milliseconds),
    )
    return (jobs.c.status == "UPLOADING") & (jobs.c.touched_at < since)
