"""Idempotency of the requests of imports."""

from collections.abc import Callable

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.authorization.write_as import write_as
from linkxg.db import Database, idempotency
from linkxg.db.idempotency import Request
from linkxg.errors import PublicError
from linkxg.imports.model import JobRow
from linkxg.imports.start_import import Started, find_started

Unit = Callable[[Connection], JobRow | PublicError]


async def made_once(database: Database, actor: Actor, account_id: str, request: Request | None, unit: Unit) -> Started:
    """What `unit` leaves; of a request that was made before, its job as it is now. Raises what `unit` refuses with."""

    def once(conn: Connection) -> Started | PublicError:
        if request is not None and (recorded := idempotency.find_record(conn, request)) is not None:
            return find_started(conn, account_id, recorded)
        job = unit(conn)
        if isinstance(job, PublicError):
            return job
        if request is not None:
            idempotency.insert_record(conn, request, {"id": job.id})
        return Started(job, False)

    outcome = await write_as(database, actor, once)
    if isinstance(outcome, PublicError):
        raise outcome
    return outcome
