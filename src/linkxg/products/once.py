"""Idempotent writes of products (draft-ietf-httpapi-idempotency-key-header).

`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same request by the same caller gets the same answer
for a day; a request that was refused does not use its key up.
"""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.authorization.write_as import write_as
from linkxg.db import Database, idempotency
from linkxg.db.idempotency import Request
from linkxg.errors import IdempotencyKeyReused, PublicError

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """`replayed` tells that this very request was answered before, and this is that answer."""

    told: T
    replayed: bool


async def once(
    database: Database,
    actor: Actor,
    account_id: str,
    route: str,
    given: Any,
    key: str | None,
    make: Callable[[Connection], T | PublicError],
    kind: type[T],
    outdated: Callable[[Connection, T], PublicError | None] = lambda conn, told: None,
) -> Answer[T]:
    """What `make` answers in a unit of work of its own. Raises what it refuses with, or IdempotencyKeyReused.

    A recorded answer is given again unless `outdated` says why it no longer holds.
    """
    request = Request(account_id, route, key, [actor.id, given]) if key is not None else None

    def unit(conn: Connection) -> Answer[T] | PublicError:
        if request is not None and (recorded := idempotency.find_record(conn, request)):
            if not recorded.matches:
                return IdempotencyKeyReused()
            told = msgspec.json.decode(msgspec.json.encode(recorded.answer), type=kind)
            return outdated(conn, told) or Answer(told, True)
        made = make(conn)
        if isinstance(made, PublicError):
            return made
        if request is not None:
            idempotency.insert_record(conn, request, made)
        return Answer(made, False)

    outcome = await write_as(database, actor, unit)
    if isinstance(outcome, PublicError):
        raise outcome
    return outcome
