"""How does an upload begin of which nothing has come yet?"""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database, idempotency
from linkxg.db.idempotency import Request
from linkxg.errors import PayloadTooLarge, PublicError
from linkxg.imports.model import MAX_UPLOAD, Options
from linkxg.imports.start_import import ROUTE, Started, find_started, new_job, open_job
from linkxg.imports.unpack import refusal


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

    def unit(conn: Connection) -> Started | PublicError:
        if request is not None and (recorded := idempotency.find_record(conn, request)) is not None:
            return find_started(conn, account_id, recorded)
        if refused := open_job(conn, account_id, job):
            return refused
        if request is not None:
            idempotency.insert_record(conn, request, {"id": job.id})
        return Started(job, False)

    outcome = await database.write(unit)
    if isinstance(outcome, PublicError):
        raise outcome
    return outcome
