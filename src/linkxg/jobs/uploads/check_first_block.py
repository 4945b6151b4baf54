"""Checks the first MiB of an upload in parts, before the rest is sent.

An unknown column would otherwise be found after an hour of sending.
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


async def check_beginning(
    database: Database, actor: Actor, account_id: str, job: JobRow, check: HeadCheck, *, before: int, after: int
) -> None:
    """Once, when an upload passes its first MiB or its end; the import has FAILED when this raises ValidationFailed."""
    assert job.upload_length is not None
    enough = min(BLOCK, job.upload_length)
    if not before < enough <= after:
        return
    beginning = bytearray()
    while len(beginning) < enough:
        piece = await database.read_single(store.find_piece, account_id, job.id, len(beginning))
        if piece is None:
            return
        beginning += piece
    try:
        await asyncio.to_thread(_check, bytes(beginning), check, whole=enough == job.upload_length)
    except (ValidationFailed, PayloadTooLarge) as refused:
        error = as_json(error_of(refused))

        def unit(conn: Connection) -> bool:
            at = now_ms()
            changed = {"status": "FAILED", "error": error, "finished_at": at, "touched_at": at}
            return update_job(conn, account_id, job.id, seen=("UPLOADING",), **changed)

        await write_as(database, actor, unit)
        raise


def _check(beginning: bytes, check: HeadCheck, *, whole: bool) -> None:
    gunzip = Gunzip()
    gunzip.feed(beginning)
    if whole:
        gunzip.finish()
    if beginning_as_text := gunzip.beginning():
        check.check_early(beginning_as_text, whole=gunzip.is_whole)


def error_of(refused: ValidationFailed | PayloadTooLarge) -> JobError:
    """As an import tells it that has no request any more to answer."""
    details = refused.details or [{"code": refused.code, "field": "", "message": refused.description}]
    return JobError(details[0]["code"], " ".join(f"{one['field']}: {one['message']}" for one in details[:20]))
