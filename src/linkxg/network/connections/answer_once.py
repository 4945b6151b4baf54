"""Runs an answer to an invitation, or the end of a connection, once per Idempotency-Key."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Make, Recorded, Request
from linkxg.errors import PublicError
from linkxg.identity.authorization.write_as import write_once
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.read_connections import view_of


class _RecordedAnswer(msgspec.Struct):
    id: str


async def answer_once(
    database: Database,
    actor: Actor,
    account_id: str,
    connection_id: str,
    verb: str,
    idempotency_key: str | None,
    content: Any,
    make: Make[ConnectionView],
) -> IdempotentOutcome[ConnectionView]:
    """A replay shows the connection as it is by now."""
    route = f"POST /connections/{{id}}/{verb}"
    request = Request(account_id, route, idempotency_key, [actor.id, connection_id, content])

    def recall(conn: Connection, recorded: Recorded) -> ConnectionView | PublicError:
        return view_of(conn, account_id, recorded.read(_RecordedAnswer).id)

    return await write_once(database, actor, request, make, recall, record=lambda made: _RecordedAnswer(made.id))
