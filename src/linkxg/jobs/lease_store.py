"""The SQL of leases: which worker runs a job, until when, and how far it is.

A job belongs to the worker whose name stands in it, until `lease_until`. Whatever a worker writes for a job it writes
in one transaction with `hold_job` and `advance`, which hold only while the job is its own: so each row is taken exactly
once, and a worker that was thought dead and is not cannot write a second time.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from linkxg.db.compiled import CompiledStatement
from linkxg.jobs.model import Progress
from linkxg.jobs.store import jobs


def _is_held(account_id: Any, job_id: Any, worker: Any) -> tuple[ColumnElement[bool], ...]:
    """Whether the job is this worker's."""
    return jobs.c.account_id == account_id, jobs.c.id == job_id, jobs.c.worker == worker, jobs.c.status == "RUNNING"


_HELD = _is_held(bindparam("account"), bindparam("job"), bindparam("holder"))


class _OpenJob(NamedTuple):
    """A job that waits or runs; of the kinds of this worker if it `is_due`: no worker holds it."""

    account_id: str
    id: str
    created_at: int
    is_due: bool
    is_held: bool


_OPEN = (
    select(jobs.c.account_id, jobs.c.id, jobs.c.created_at, jobs.c.resource, jobs.c.status, jobs.c.lease_until)
    .where(jobs.c.status.in_(("QUEUED", "RUNNING")))
    # For the few jobs that have not ended; grouped by account, SQLite would scan all jobs in that order.
    .with_hint(jobs, "INDEXED BY ix_import_jobs_status_lease_until", "sqlite")
)


def find_due_job(
    conn: Connection, *, resources: Collection[str], now: int, served: Mapping[str, int] | None = None
) -> tuple[str, str] | None:
    """(account, job) of the job of these kinds that is next. Accounts take turns.

    First comes the account with the fewest running jobs, then the one that has waited longest: since its oldest job was
    created, or since it was last `served`.
    """
    found, last = _list_open(conn, resources, now), served or {}
    running = Counter(job.account_id for job in found if job.is_held)
    due = min(
        (job for job in found if job.is_due),
        key=lambda job: (running[job.account_id], max(job.created_at, last.get(job.account_id, 0)), job.created_at),
        default=None,
    )
    return None if due is None else (due.account_id, due.id)


def is_turn_of_another(
    conn: Connection, account_id: str, *, resources: Collection[str], now: int, created_before: int
) -> bool:
    """Whether a job that another account created before then waits, and would be next if one of this account ended."""
    found = _list_open(conn, resources, now)
    running = Counter(job.account_id for job in found if job.is_held)
    others = (job for job in found if job.is_due and job.account_id != account_id and job.created_at < created_before)
    return any(running[job.account_id] < running[account_id] for job in others)


def _list_open(conn: Connection, resources: Collection[str], now: int) -> list[_OpenJob]:
    return [
        _OpenJob(
            row.account_id,
            row.id,
            row.created_at,
            row.lease_until < now and row.resource in resources,
            row.lease_until >= now and row.status == "RUNNING",
        )
        for row in conn.execute(_OPEN)
    ]


def claim_job(conn: Connection, account_id: str, job_id: str, *, worker: str, now: int, lease_ms: int) -> bool:
    """Lease the job to this worker; false if another was faster."""
    statement = (
        jobs.update()
        .where(
            jobs.c.account_id == account_id,
            jobs.c.id == job_id,
            jobs.c.status.in_(("QUEUED", "RUNNING")),
            jobs.c.lease_until < now,
        )
        .values(
            status="RUNNING",
            worker=worker,
            lease_until=now + lease_ms,
            touched_at=now,
            started_at=func.coalesce(jobs.c.started_at, now),
            attempts=jobs.c.attempts + 1,
        )
    )
    return conn.execute(statement).rowcount == 1


_PROGRESS = ("rows_processed", "bytes_processed", "line", "created", "updated", "unchanged", "failed")
"""The columns of `Progress`, in its order."""
_ADVANCE = CompiledStatement(
    jobs.update()
    .where(*_HELD)
    .values(
        {
            **{name: bindparam(f"_{name}") for name in _PROGRESS},
            "attempts": 0,
            "touched_at": bindparam("now"),
            "lease_until": bindparam("until"),
        }
    )
    .returning(jobs.c.cancel_wanted)
)


def advance(
    conn: Connection, account_id: str, job_id: str, *, worker: str, progress: Progress, now: int, lease_ms: int
) -> bool | None:
    """Write the checkpoint and renew the lease. Whether to cancel; None if the job is no longer this worker's."""
    values = {f"_{name}": value for name, value in zip(_PROGRESS, progress, strict=True)}
    held = {"account": account_id, "job": job_id, "holder": worker, "now": now, "until": now + lease_ms}
    row = _ADVANCE.first(conn, held | values)
    return None if row is None else bool(row[0])


_HOLD = CompiledStatement(
    jobs.update().where(*_HELD).values(lease_until=bindparam("until"), touched_at=bindparam("now"))
)


def hold_job(conn: Connection, account_id: str, job_id: str, *, worker: str, now: int, lease_ms: int) -> bool:
    """Renew the lease, and record progress; false if the job is no longer this worker's.

    Until this transaction ends nobody else can claim it.
    """
    values = {"account": account_id, "job": job_id, "holder": worker, "now": now, "until": now + lease_ms}
    return _HOLD.run(conn, values) == 1


def renew_lease(conn: Connection, account_id: str, job_id: str, *, worker: str, until: int) -> None:
    """Renew the lease without progress, for a process that is still at work."""
    conn.execute(jobs.update().where(*_is_held(account_id, job_id, worker)).values(lease_until=until))


def finish_job(
    conn: Connection, account_id: str, job_id: str, *, worker: str, status: str, error: str | None, now: int
) -> bool:
    """End the job; false if it is no longer this worker's."""
    statement = jobs.update().where(*_is_held(account_id, job_id, worker))
    values = {"status": status, "error": error, "finished_at": now, "touched_at": now, "lease_until": 0, "worker": None}
    return conn.execute(statement.values(values)).rowcount == 1


def release_job(conn: Connection, account_id: str, job_id: str, *, worker: str) -> None:
    """End the lease now, so that any worker may continue from the checkpoint."""
    statement = jobs.update().where(*_is_held(account_id, job_id, worker))
    conn.execute(statement.values(status="QUEUED", lease_until=0, worker=None))
