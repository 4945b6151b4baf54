"""The process that runs jobs: `python -m linkxg.job_kinds`, started by a worker.

Each job is a line on standard input, so that the database's password is in no list of processes; an empty line on
standard output says that it has ended. When the input ends (the worker stops the process, or has died), the running
job finishes its batch and is released.
"""

import asyncio
import contextlib
import gc
import os
import select
import sys

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.malloc import release_memory
from linkxg.db import Database, open_database
from linkxg.db.errors import reason_of
from linkxg.errors import PayloadTooLarge, TemporarilyUnavailable, ValidationFailed
from linkxg.http import logs
from linkxg.http.logs import location_of, log
from linkxg.jobs import lease_store, store
from linkxg.jobs.handler import Kinds
from linkxg.jobs.lease import JobLease
from linkxg.jobs.model import JobError, JobStatus, as_json
from linkxg.jobs.run_job import Cancelled, Run, Stopped
from linkxg.jobs.turn import Turn
from linkxg.jobs.uploads.check_first_block import error_of
from linkxg.jobs.uploads.expand_upload import expand_upload, is_packed

NICENESS = 10
"""Requests have priority: a job takes the processor time that they leave."""
SWITCH_S = 0.000_5
"""How long the planning thread may block the writing one, on whose locks others wait."""
COLLECT = (50_000, 20, 100)
"""A batch is thousands of tuples without cycles: collecting garbage took a quarter of the time."""


class JobSpec(msgspec.Struct):
    """The message from a worker to the process, one line of JSON."""

    database: str
    log_level: str
    account_id: str
    job_id: str
    worker: str


def main(kinds: Kinds) -> None:
    """Run the jobs that standard input names."""
    os.umask(0o077)
    os.nice(NICENESS)
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    gc.set_threshold(*COLLECT)
    for kind in kinds.values():
        kind.prepare()
    while line := sys.stdin.buffer.readline():
        spec = msgspec.json.decode(line, type=JobSpec)
        logs.configure(spec.log_level)
        try:
            asyncio.run(_work(spec, kinds))
        except Exception as fault:  # noqa: BLE001  the lease gives the job to another process; the log says why
            log.error("import.interrupted", job_id=spec.job_id, reason=reason_of(fault), location=location_of(fault))
            raise SystemExit(1) from None
        release_memory()
        sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()


async def _work(spec: JobSpec, kinds: Kinds) -> None:
    database = open_database(spec.database, writes_bulk=True)
    await database.open()
    try:
        await _run(database, spec, kinds)
    finally:
        await database.close()


async def _run(database: Database, spec: JobSpec, kinds: Kinds) -> None:
    job = await database.read_single(store.find_job, spec.account_id, spec.job_id)
    if job is None or job.worker != spec.worker:
        return
    actor = msgspec.json.decode(job.actor, type=Actor)
    kind = kinds[job.resource]
    lease = JobLease(spec.account_id, spec.job_id, spec.worker, actor.kind, actor.id or "")
    turn = Turn(database, spec.account_id, kinds.keys())
    run = Run(database, job, lease, kind, _input_ended, turn)
    started = now_ms()
    status: JobStatus
    error: JobError | None
    try:
        if job.cancel_wanted:
            # Otherwise a job that kills every process could not be cancelled.
            raise Cancelled
        if is_packed(job):
            job = await expand_upload(database, job, lease, kind, _input_ended)
            run = Run(database, job, lease, kind, _input_ended, turn)
        status, error = await run.run()
    except (Stopped, TemporarilyUnavailable) as stopped:
        with contextlib.suppress(TemporarilyUnavailable):
            # Otherwise the lease runs out, a little later.
            await database.write(lease_store.release_job, spec.account_id, spec.job_id, worker=spec.worker)
        log.info("import.released", job_id=spec.job_id, reason=reason_of(stopped))
        return
    except Cancelled:
        status, error = "CANCELLED", None
    except (ValidationFailed, PayloadTooLarge) as refused:
        status, error = "FAILED", error_of(refused)
    progress = run.progress if job._replace(status=status).is_written else run.progress._replace(created=0, updated=0)
    report = {"status": status, **progress._asdict()}

    def finish(conn: Connection) -> bool:
        finished = lease_store.finish_job(
            conn, spec.account_id, spec.job_id, worker=spec.worker, status=status,
            error=None if error is None else as_json(error), now=now_ms(),
        )  # fmt: skip
        if finished:
            audit.record(conn, spec.account_id, actor, "import.finished", spec.job_id, report)
        return finished

    if await database.write(finish):
        log.info("import.finished", job_id=spec.job_id, account_id=spec.account_id, ms=now_ms() - started, **report)


def _input_ended() -> bool:
    """Whether the worker has closed standard input; it writes nothing else while a job runs."""
    return bool(select.select([0], [], [], 0)[0])
