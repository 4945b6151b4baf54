"""Runs a change of a request once per Idempotency-Key, and records it in the audit trails of both accounts."""

from typing import Any

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Make, Request
from linkxg.identity.authorization.write_as import write_once_by_id
from linkxg.network.requests.model import ShareRequest
from linkxg.network.requests.read_requests import view_of


async def write_request(
    database: Database,
    actor: Actor,
    account_id: str,
    route: str,
    idempotency_key: str | None,
    content: list[Any],
    make: Make[ShareRequest],
) -> IdempotentOutcome[ShareRequest]:
    """A replay shows the request as it is by now."""
    request = Request(account_id, route, idempotency_key, [actor.id, *content])
    return await write_once_by_id(database, actor, request, make, lambda conn, id: view_of(conn, account_id, id))


def record_both(
    conn: Connection,
    actor: Actor,
    account_id: str,
    partner_id: str,
    action: str,
    request_id: str,
    details: dict[str, Any],
) -> None:
    """The partner's trail names the account, and not the person."""
    audit.lock_chains(conn, account_id, partner_id)
    audit.record(conn, account_id, actor, action, request_id, details | {"partner": partner_id})
    audit.record(conn, partner_id, actor.as_partner(), action, request_id, details | {"partner": account_id})
