"""Appending a part to a file: it is stored in pieces as it arrives, each in a transaction of its own.

What has arrived before the connection breaks need not be sent again. With its last byte the upload becomes a queued
import.
"""

from collections.abc import AsyncIterator

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import Conflict, InvalidState, NotFound, PayloadTooLarge, PublicError
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import is_uuid
from linkxg.jobs.handler import Kinds
from linkxg.jobs.model import JobRow
from linkxg.jobs.store import find_job
from linkxg.jobs.upload_lease import upload_lost
from linkxg.jobs.uploads import store
from linkxg.jobs.uploads.check_first_block import check_beginning
from linkxg.jobs.uploads.model import BLOCK, MAX_PIECES, UploadState, state_of


async def find_upload(database: Database, account_id: str, job_id: str, kinds: Kinds) -> JobRow:
    """The job of an upload that comes in parts, until it is given up or cancelled.

    Raises NotFound, also for an import whose file came in one piece and for a job of none of these kinds.
    """
    job = await database.read_single(find_job, account_id, job_id) if is_uuid(job_id) else None
    if job is None or job.upload_length is None or job.resource not in kinds:
        raise NotFound
    standing = state_of(job)
    if standing.expires_at is not None and standing.expires_at < now_ms():
        raise NotFound
    if standing.complete and standing.offset < standing.length:
        raise NotFound
    return job


async def append_part(
    database: Database,
    actor: Actor,
    account_id: str,
    job_id: str,
    kinds: Kinds,
    *,
    offset: int,
    size: int | None,
    parts: AsyncIterator[bytes],
) -> UploadState:
    """The state of the upload afterwards. `size` is that of the part, as far as it is known beforehand.

    Raises NotFound, Conflict for another offset or an upload that ends meanwhile, InvalidState for an upload that is
    whole, PayloadTooLarge for more than was announced, ValidationFailed for a file that cannot be used, or what `parts`
    raises.
    """
    job = await find_upload(database, account_id, job_id, kinds)
    standing = state_of(job)
    _require(standing, offset)
    if size is not None and offset + size > standing.length:
        raise _too_much(standing)
    at = offset
    async for piece in _in_pieces(parts):
        if at + len(piece) > standing.length:
            raise _too_much(standing)
        at = await _store(database, actor, account_id, job_id, kinds, at, piece)
    check = kinds[job.resource].head_check(job)
    await check_beginning(database, actor, account_id, job, check, before=offset, after=at)
    if at == standing.length:
        await write_as(database, actor, store.complete_upload, account_id, job_id, now=now_ms())
    return await _standing(database, account_id, job_id, kinds)


async def _standing(database: Database, account_id: str, job_id: str, kinds: Kinds) -> UploadState:
    """Of an upload that this request has found before. Raises Conflict if it has ended since."""
    try:
        return state_of(await find_upload(database, account_id, job_id, kinds))
    except NotFound:
        raise upload_lost() from None


async def _in_pieces(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What `parts` give, also before they raise: on a bad connection none might ever be as long as a piece."""
    gathered = bytearray()
    broken: PublicError | None = None
    try:
        async for part in parts:
            gathered += part
            while len(gathered) >= BLOCK:
                yield bytes(gathered[:BLOCK])
                del gathered[:BLOCK]
    except PublicError as error:
        broken = error
    if gathered:
        yield bytes(gathered)
    if broken is not None:
        raise broken


def _require(standing: UploadState, offset: int) -> None:
    where = {"Upload-Offset": str(standing.offset)}
    if standing.complete:
        raise InvalidState("The file is already complete.", headers=where)
    if offset != standing.offset:
        raise Conflict(f"The current upload offset is {standing.offset}, not {offset}.", headers=where)


def _too_much(standing: UploadState) -> PayloadTooLarge:
    return PayloadTooLarge(f"The announced length of the upload is {standing.length} bytes.")


async def _store(
    database: Database, actor: Actor, account_id: str, job_id: str, kinds: Kinds, at: int, content: bytes
) -> int:
    """The byte after the piece. Raises what `_require` does when somebody else has added to the upload."""
    stored = await write_as(
        database, actor, store.insert_piece, account_id, job_id, begins_at=at, content=content, now=now_ms()
    )
    if not stored:
        _require(await _standing(database, account_id, job_id, kinds), at)
        raise InvalidState(f"An upload may have at most {MAX_PIECES} parts; cancel it and send larger parts.")
    return at + len(content)
