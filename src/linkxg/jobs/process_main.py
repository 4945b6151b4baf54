"""The process that runs jobs: `python -m linkxg.job_kinds`, started by a worker.

Each job is a line on standard input, so that the database's password is in no list of processes; an empty line on
standard output is the answer when it has ended. When the input ends (the worker wants the process to stop, or is gone)
a running job finishes its batch and is given back.
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
from linkxg.jobs import store
from linkxg.jobs.handler import Kinds
from linkxg.jobs.lease import JobLease
from linkxg.jobs.model import JobError, Status, as_json
from linkxg.jobs.run_job import Cancelled, Run, Stopped
from linkxg.jobs.uploads.check_first_block import error_of
from linkxg.jobs.uploads.expand_upload import expand_upload, is_packed

NICENESS = 10
"""Requests go first: where there is one processor for both, an import takes what they leave."""
SWITCH_S = 0.000_5
"""How long the thread that plans may keep the one that writes waiting; others wait for what that one holds."""
COLLECT = (50_000, 20, 100)
"""A batch is thousands of tuples without a cycle among them: looking for one took a quarter of the time."""


class JobSpec(msgspec.Struct):
    """What a worker tells the process, as one line of JSON."""

    database: str
    log_level: str
    account_id: str
    job_id: str
    worker: str


def main(kinds: Kinds) -> None:
    """Do the jobs that standard input names, which are of these kinds."""
    os.umask(0o077)
    os.nice(NICENESS)
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    gc.set_threshold(*COLLECT)
    while line := sys.stdin.buffer.readline():
        order = msgspec.json.decode(line, type=JobSpec)
        logs.configure(order.log_level)
        try:
            asyncio.run(_work(order, kinds))
        except Exception as fault:  # noqa: BLE001  the lease gives the job to another process; the log says why
            log.error("import.interrupted", job_id=order.job_id, reason=reason_of(fault), at=location_of(fault))
            raise SystemExit(1) from None
        release_memory()
        sys.stdout.buffer.write(b"\n")
        sys.stdout.buffer.flush()


async def _work(order: JobSpec, kinds: Kinds) -> None:
    database = open_database(order.database)
    await database.open()
    try:
        await _run(database, order, kinds)
    finally:
        await database.close()


async def _run(database: Database, order: JobSpec, kinds: Kinds) -> None:
    job = await database.read_single(store.find_job, order.account_id, order.job_id)
    if job is None or job.worker != order.worker:
        return
    actor = msgspec.json.decode(job.actor, type=Actor)
    kind = kinds[job.resource]
    lease = JobLease(order.account_id, order.job_id, order.worker, actor.kind, actor.id or "")
    run = Run(database, job, lease, kind, _input_ended)
    started = now_ms()
    status: Status
    error: JobError | None
    try:
        if job.cancel_wanted:
            # Else a job that no process survives could not be ended.
            raise Cancelled
        if is_packed(job):
            job = await expand_upload(database, job, lease, kind, _input_ended)
            run = Run(database, job, lease, kind, _input_ended)
        status, error = await run.run()
    except (Stopped, TemporarilyUnavailable) as stopped:
        with contextlib.suppress(TemporarilyUnavailable):
            # Else the lease says it, a little later.
            await database.write(store.release_job, order.account_id, order.job_id, worker=order.worker)
        log.info("import.released", job_id=order.job_id, reason=reason_of(stopped))
        return
    except Cancelled:
        status, error = "CANCELLED", None
    except (ValidationFailed, PayloadTooLarge) as refused:
        status, error = "FAILED", error_of(refused)
    progress = run.progress if job._replace(status=status).is_written else run.progress._replace(created=0, updated=0)
    told = {"status": status, **progress._asdict()}

    def finish(conn: Connection) -> bool:
        finished = store.finish_job(
            conn, order.account_id, order.job_id, worker=order.worker, status=status,
            error=None if error is None else as_json(error), now=now_ms(),
        )  # fmt: skip
        if finished:
            audit.record(conn, order.account_id, actor, "import.finished", order.job_id, told)
        return finished

    if await database.write(finish):
        log.info("import.finished", job_id=order.job_id, account_id=order.account_id, ms=now_ms() - started, **told)


def _input_ended() -> bool:
    """Whether the worker has closed our standard input; it writes no other line before the answer."""
    return bool(select.select([0], [], [], 0)[0])
