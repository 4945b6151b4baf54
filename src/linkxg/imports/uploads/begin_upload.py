"""Creates a resumable upload."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import Request
from linkxg.errors import PayloadTooLarge, PublicError
from linkxg.imports.made_once import made_once
from linkxg.imports.model import MAX_UPLOAD, JobRow, Options
from linkxg.imports.refusal import refusal
from linkxg.imports.start_import import ROUTE, Started, new_job, open_job


async def begin_upload(
    database: Database,
    actor: Actor,
    account_id: str,
    options: Options,
    length: int,
    *,
    idempotency_key: str | None = None,
) -> Started:
    """A job that waits for `length` bytes.

    Raises PayloadTooLarge, ValidationFailed for an empty file, RateLimitExceeded, or IdempotencyKeyReused.
    """
    if length > MAX_UPLOAD:
        raise PayloadTooLarge
    if not length:
        raise refusal("empty", "The file is empty.")
    job = new_job(actor, options, "")._replace(upload_length=length)

    content = [actor.id, options, length]
    request = None if idempotency_key is None else Request(account_id, ROUTE, idempotency_key, content)

    def unit(conn: Connection) -> JobRow | PublicError:
        return open_job(conn, account_id, job) or job

    return await made_once(database, actor, account_id, request, unit)
