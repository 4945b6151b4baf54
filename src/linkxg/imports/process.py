"""The process that does one job: `python -m linkxg.imports.process`, started by a worker.

It is told on standard input what to do, so that the database's password is in no list of processes. When that input
ends (the worker wants it to stop, or is gone) it finishes its batch and gives the job back.
"""

import asyncio
import os
import select
import sys
from typing import Any

import msgspec

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database, open_database
from linkxg.errors import TemporarilyUnavailable
from linkxg.imports import store
from linkxg.imports.model import JobError, Status, as_json
from linkxg.imports.run_import import Cancelled, Run, Stopped
from linkxg.imports.take_rows import Whose
from linkxg.web import logs
from linkxg.web.logs import log

NICENESS = 10
"""Requests go first: where there is one processor for both, an import takes what they leave."""
PATIENCE_S = 60.0
_WAIT_S = 0.25


class Order(msgspec.Struct):
    """What a worker tells the process, as one line of JSON."""

    database: str
    log_level: str
    account_id: str
    job_id: str
    worker: str


def main() -> None:
    os.umask(0o077)
    os.nice(NICENESS)
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    logs.configure(order.log_level)
    asyncio.run(_work(order))


async def _work(order: Order) -> None:
    database = open_database(order.database)
    await database.open()
    try:
        await _run(database, order)
    finally:
        await database.close()


async def _run(database: Database, order: Order) -> None:
    job = await database.read(store.find_job, order.account_id, order.job_id)
    if job is None or job.worker != order.worker:
        return
    actor = msgspec.json.decode(job.actor, type=Actor)
    whose = Whose(order.account_id, order.job_id, order.worker, actor.id or "")
    loop = asyncio.get_running_loop()

    def door(act: Any) -> Any:
        def call(unit: Any, *args: Any, **kwargs: Any) -> Any:
            # A database that is out of reach for a while only holds the job up.
            until = now_ms() + PATIENCE_S * 1_000
            while True:
                try:
                    return asyncio.run_coroutine_threadsafe(act(unit, *args, **kwargs), loop).result()
                except TemporarilyUnavailable:
                    if now_ms() > until or _input_ended(_WAIT_S):
                        raise

        return call

    run = Run(
        job, whose, read=door(database.read), write=door(database.write), alone=door(database.administer),
        should_stop=_input_ended,
    )  # fmt: skip
    started = now_ms()
    status: Status
    error: JobError | None
    try:
        status, error = await asyncio.to_thread(run.run)
    except (Stopped, TemporarilyUnavailable) as stopped:
        await database.write(store.release_job, order.account_id, order.job_id, worker=order.worker)
        log.info("import.released", job_id=order.job_id, reason=type(stopped).__name__)
        return
    except Cancelled:
        status, error = "CANCELLED", None
    told = {"status": status, **run.progress._asdict()}

    def finish(conn: Any) -> bool:
        finished = store.finish_job(
            conn, order.account_id, order.job_id, worker=order.worker, status=status,
            error=None if error is None else as_json(error), now=now_ms(),
        )  # fmt: skip
        if finished:
            audit.record(conn, order.account_id, actor, "import.finished", order.job_id, told)
        return finished

    if await database.write(finish):
        log.info("import.finished", job_id=order.job_id, account_id=order.account_id, ms=now_ms() - started, **told)


def _input_ended(wait_s: float = 0.0) -> bool:
    """Whether the worker has closed our standard input; it never writes a second line."""
    return bool(select.select([0], [], [], wait_s)[0])


if __name__ == "__main__":
    main()
