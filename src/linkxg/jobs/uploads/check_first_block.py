"""Checks the first MiB of a resumable upload before the rest is sent.

Otherwise an unknown column would be found after an hour of sending.
"""

import asyncio

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import PayloadTooLarge, ValidationFailed
from linkxg.identity.authorization.write_as import write_as
from linkxg.jobs.gunzip import Gunzip
from linkxg.jobs.handler import HeadCheck
from linkxg.jobs.model import JobError, JobRow, as_json
from linkxg.jobs.store import update_job
from linkxg.jobs.uploads import store
from linkxg.jobs.uploads.model import BLOCK


async def check_first_block(
    database: Database, actor: Actor, account_id: str, job: JobRow, check: HeadCheck, *, before: int, after: int
) -> None:
    """Check once, when an upload passes its first MiB or its end. The import has FAILED if this raises."""
    assert job.upload_length is not None
    enough = min(BLOCK, job.upload_length)
    if not before < enough <= after:
        return
    first_block = bytearray()
    while len(first_block) < enough:
        piece = await database.read_single(store.find_piece, account_id, job.id, len(first_block))
        if piece is None:
            return
        first_block += piece
    try:
        await asyncio.to_thread(_check, bytes(first_block), check, whole=enough == job.upload_length)
    except (ValidationFailed, PayloadTooLarge) as refused:
        error = as_json(error_of(refused))

        def unit(conn: Connection) -> bool:
            at = now_ms()
            changed = {"status": "FAILED", "error": error, "finished_at": at, "touched_at": at}
            return update_job(conn, account_id, job.id, seen=("UPLOADING",), **changed)

        await write_as(database, actor, unit)
        raise


def _check(first_block: bytes, check: HeadCheck, *, whole: bool) -> None:
    gunzip = Gunzip()
    gunzip.feed(first_block)
    if whole:
        gunzip.finish()
    if text := gunzip.first_block():
        check.check_early(text, whole=gunzip.is_whole)


def error_of(refused: ValidationFailed | PayloadTooLarge) -> JobError:
    """The error of a job that has no request to answer any more."""
    details = refused.details or [{"code": refused.code, "field": "", "message": refused.description}]
    return JobError(details[0]["code"], " ".join(f"{one['field']}: {one['message']}" for one in details[:20]))
