"""Turns the parts of an upload into the file of its job, in the job's process before its first row.

Decompressing a hundred MiB in a worker would block its requests; a process that dies starts over.
"""

from collections.abc import AsyncIterator, Callable

import msgspec
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.jobs import lease_store, store
from linkxg.jobs.handler import JobKind
from linkxg.jobs.lease import LEASE_MS, JobLease
from linkxg.jobs.model import JobRow, as_json
from linkxg.jobs.receive_file import receive_file
from linkxg.jobs.run_job import Cancelled, Stopped
from linkxg.jobs.start_job import record_start
from linkxg.jobs.uploads.store import find_piece, insert_block_once


def is_packed(job: JobRow) -> bool:
    """Whether the file is still in parts."""
    return job.upload_length is not None and not job.bytes_total


async def expand_upload(
    database: Database, job: JobRow, lease: JobLease, kind: JobKind, should_stop: Callable[[], bool]
) -> JobRow:
    """The job with its file in blocks. Raises Stopped, Cancelled, and the errors of `receive_file`."""

    async def keep(number: int, block: bytes) -> None:
        if should_stop():
            raise Stopped
        wanted = await database.write(_keep, lease, number, block)
        if wanted is None:
            raise Stopped
        if not wanted:
            raise Cancelled

    columns, facts = await receive_file(kind.head_check(job), _pieces(database, job, lease.account_id), keep)
    ready = job._replace(columns=as_json(columns), bytes_total=facts.bytes, sha256=facts.sha256, attempts=0)
    if not await database.write(_begin, lease, ready):
        raise Stopped
    return ready


async def _pieces(database: Database, job: JobRow, account_id: str) -> AsyncIterator[bytes]:
    at = 0
    while piece := await database.read_single(find_piece, account_id, job.id, at):
        at += len(piece)
        yield piece


def _keep(conn: Connection, lease: JobLease, number: int, block: bytes) -> bool | None:
    """Store a block; false if the job was cancelled, None if it is another worker's."""
    account_id, job_id = lease.account_id, lease.job_id
    if not lease_store.hold_job(conn, account_id, job_id, worker=lease.worker, now=now_ms(), lease_ms=LEASE_MS):
        return None
    insert_block_once(conn, account_id, job_id, number=number, content=block)
    job = store.find_job(conn, account_id, job_id)
    return job is not None and not job.cancel_wanted


def _begin(conn: Connection, lease: JobLease, ready: JobRow) -> bool:
    """Record that the file is complete; false if the job is another worker's."""
    if not lease_store.hold_job(conn, lease.account_id, ready.id, worker=lease.worker, now=now_ms(), lease_ms=LEASE_MS):
        return False
    changed = {name: getattr(ready, name) for name in ("columns", "bytes_total", "sha256", "attempts")}
    store.update_job(conn, lease.account_id, ready.id, seen=("RUNNING",), **changed)
    record_start(conn, msgspec.json.decode(ready.actor, type=Actor), lease.account_id, ready)
    return True
