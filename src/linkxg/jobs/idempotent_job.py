"""Idempotent requests about jobs: a repetition is answered with the present state of the same job."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request
from linkxg.errors import Conflict, PublicError
from linkxg.identity.authorization.write_as import write_once
from linkxg.jobs.model import JobRow
from linkxg.jobs.store import find_job

JobUnit = Callable[[Connection], JobRow | PublicError]


class RecordedJob(msgspec.Struct):
    """The recorded answer."""

    id: str


async def run_job_once(
    database: Database, actor: Actor, account_id: str, request: Request, unit: JobUnit
) -> IdempotentOutcome[JobRow]:
    """The outcome of `unit`. Raises IdempotencyKeyReused, or Conflict for a repetition whose job has been deleted."""

    def recall(conn: Connection, recorded: Recorded) -> JobRow | Conflict:
        job = find_job(conn, account_id, recorded.read(RecordedJob).id)
        return job or Conflict("This request was already answered, but its import has since been deleted.")

    return await write_once(database, actor, request, unit, recall, record=lambda job: RecordedJob(job.id))
