"""Appends a part to a file; it is stored in pieces as it arrives, each in a transaction of its own.

What arrived before the connection broke need not be sent again. With its last byte the upload is queued as an import.
"""

from collections.abc import AsyncIterator

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import AccessDenied, Conflict, InvalidState, NotFound, PayloadTooLarge, PublicError
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import is_uuid
from linkxg.jobs.handler import Kinds
from linkxg.jobs.model import JobRow
from linkxg.jobs.store import find_job
from linkxg.jobs.upload_lease import upload_lost
from linkxg.jobs.uploads import store
from linkxg.jobs.uploads.check_first_block import check_first_block
from linkxg.jobs.uploads.model import BLOCK, MAX_PIECES, UploadState, state_of


async def find_upload(database: Database, account_id: str, job_id: str, kinds: Kinds) -> JobRow:
    """The job of a resumable upload that is neither abandoned nor cancelled. Raises NotFound."""
    job = await database.read_single(find_job, account_id, job_id) if is_uuid(job_id) else None
    if job is None or job.upload_length is None or job.resource not in kinds:
        raise NotFound
    state = state_of(job)
    if state.expires_at is not None and state.expires_at < now_ms():
        raise NotFound
    if state.complete and state.offset < state.length:
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
    """The state of the upload afterwards. `size` is that of the part, if it is known beforehand.

    Raises NotFound, AccessDenied for another caller than the one that began it, Conflict for a wrong offset or an
    upload that ends meanwhile, InvalidState for a complete upload, PayloadTooLarge beyond the declared length,
    ValidationFailed for an unusable file, and the errors of `parts`.
    """
    job = await find_upload(database, account_id, job_id, kinds)
    if not job.is_of(actor):
        raise AccessDenied("Only the person or client that began this upload can continue it.")
    state = state_of(job)
    _require_offset(state, offset)
    if size is not None and offset + size > state.length:
        raise _beyond_length(state)
    at = offset
    async for piece in _in_pieces(parts):
        if at + len(piece) > state.length:
            raise _beyond_length(state)
        at = await _store(database, actor, account_id, job_id, kinds, at, piece)
    check = kinds[job.resource].head_check(job)
    await check_first_block(database, actor, account_id, job, check, before=offset, after=at)
    if at == state.length:
        await write_as(database, actor, store.complete_upload, account_id, job_id, now=now_ms())
    return await _current_state(database, account_id, job_id, kinds)


async def _current_state(database: Database, account_id: str, job_id: str, kinds: Kinds) -> UploadState:
    """The state of an upload that this request has found before. Raises Conflict if it has ended since."""
    try:
        return state_of(await find_upload(database, account_id, job_id, kinds))
    except NotFound:
        raise upload_lost() from None


async def _in_pieces(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The parts in pieces; the last one also if `parts` raises, or a bad connection might never complete a piece."""
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


def _require_offset(state: UploadState, offset: int) -> None:
    where = {"Upload-Offset": str(state.offset)}
    if state.complete:
        raise InvalidState("The file is already complete.", headers=where)
    if offset != state.offset:
        raise Conflict(f"The current upload offset is {state.offset}, not {offset}.", headers=where)


def _beyond_length(state: UploadState) -> PayloadTooLarge:
    return PayloadTooLarge(f"The announced length of the upload is {state.length} bytes.")


async def _store(
    database: Database, actor: Actor, account_id: str, job_id: str, kinds: Kinds, at: int, content: bytes
) -> int:
    """The offset after the piece. Raises the errors of `_require_offset` if another request has added to the upload."""
    stored = await write_as(
        database, actor, store.insert_piece, account_id, job_id, begins_at=at, content=content, now=now_ms()
    )
    if not stored:
        _require_offset(await _current_state(database, account_id, job_id, kinds), at)
        raise InvalidState(f"An upload may have at most {MAX_PIECES} parts; cancel it and send larger parts.")
    return at + len(content)
