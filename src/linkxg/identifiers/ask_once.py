"""Idempotency of an identifier check, without a stored answer.

An answer follows from its list, so none is kept: who asks again is told the same by looking again.
"""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.authorization.write_as import write_as
from linkxg.db import Database, idempotency
from linkxg.db.idempotency import Request
from linkxg.errors import IdempotencyKeyReused
from linkxg.identifiers.model import Identifiers


async def ask_once(database: Database, actor: Actor, account_id: str, given: Identifiers, key: str | None) -> bool:
    """Whether this is a repetition. Raises IdempotencyKeyReused."""
    if key is None:
        return False
    request = Request(account_id, "POST /identifiers/validate", key, [actor.id, given])

    def unit(conn: Connection) -> bool | IdempotencyKeyReused:
        recorded = idempotency.find_record(conn, request)
        if recorded is None:
            idempotency.insert_record(conn, request, None)
            return False
        return recorded.matches or IdempotencyKeyReused()

    outcome = await write_as(database, actor, unit)
    if isinstance(outcome, IdempotencyKeyReused):
        raise outcome
    return outcome
