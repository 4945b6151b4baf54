"""Writes connections: each answer to an invitation, and each end, runs once per Idempotency-Key."""

from typing import Any

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Make, Request
from linkxg.identity.authorization.write_as import write_once_by_id
from linkxg.network.connections.model import ConnectionView
from linkxg.network.connections.read_connections import view_of


async def write_connection(
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
    return await write_once_by_id(database, actor, request, make, lambda conn, id: view_of(conn, account_id, id))
