"""Assembles the file of an import from the parts of its upload.

In the import's own process, before its first row: unpacking a hundred MiB beside the event loop of a worker would make
every request wait, and a process that dies begins it anew.
"""

from collections.abc import AsyncIterator, Callable

import msgspec
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.imports import store
from linkxg.imports.model import JobRow, as_json
from linkxg.imports.receive_file import receive_file
from linkxg.imports.run_import import Cancelled, Stopped
from linkxg.imports.start_import import record_start
from linkxg.imports.take_rows import LEASE_MS, Whose
from linkxg.imports.uploads.store import find_piece, keep_block


def is_packed(job: JobRow) -> bool:
    """Whether the file is still in the parts in which it came."""
    return job.upload_length is not None and not job.bytes_total


async def unpack_upload(database: Database, job: JobRow, whose: Whose, should_stop: Callable[[], bool]) -> JobRow:
    """The job with its file in blocks. Raises Stopped, Cancelled, or what `receive_file` does."""

    async def keep(number: int, block: bytes) -> None:
        if should_stop():
            raise Stopped
        wanted = await database.write(_keep, whose, number, block)
        if wanted is None:
            raise Stopped
        if not wanted:
            raise Cancelled

    columns, unpacked = await receive_file(job.options, _pieces(database, job, whose.account_id), keep)
    ready = job._replace(columns=as_json(columns), bytes_total=unpacked.bytes, sha256=unpacked.sha256, attempts=0)
    if not await database.write(_begin, whose, ready):
        raise Stopped
    return ready


async def _pieces(database: Database, job: JobRow, account_id: str) -> AsyncIterator[bytes]:
    at = 0
    while piece := await database.read(find_piece, account_id, job.id, at):
        at += len(piece)
        yield piece


def _keep(conn: Connection, whose: Whose, number: int, block: bytes) -> bool | None:
    """Store a block: whether the account still wants the import; None when it is another worker's."""
    account_id, job_id = whose.account_id, whose.job_id
    if not store.hold_job(conn, account_id, job_id, worker=whose.worker, until=now_ms() + LEASE_MS):
        return None
    keep_block(conn, account_id, job_id, number=number, content=block)
    job = store.find_job(conn, account_id, job_id)
    return job is not None and not job.cancel_wanted


def _begin(conn: Connection, whose: Whose, ready: JobRow) -> bool:
    """Let the file be whole; false when the import is another worker's."""
    if not store.hold_job(conn, whose.account_id, ready.id, worker=whose.worker, until=now_ms() + LEASE_MS):
        return False
    changed = {name: getattr(ready, name) for name in ("columns", "bytes_total", "sha256", "attempts")}
    store.update_job(conn, whose.account_id, ready.id, seen=("RUNNING",), **changed)
    record_start(conn, msgspec.json.decode(ready.actor, type=Actor), whose.account_id, ready)
    return True
