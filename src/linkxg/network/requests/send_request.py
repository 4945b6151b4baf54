"""Asks a partner for a share. The answer does not depend on whether the partner has the product."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.errors import Conflict, InvalidState, NotFound, PublicError
from linkxg.http.rate_limits import Budget
from linkxg.ids import uuid7
from linkxg.network.connections.store import find_connection, lock_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.visibility_lock import lock_visibility
from linkxg.network.requests import store
from linkxg.network.requests.check_request import check_request
from linkxg.network.requests.model import MAX_PENDING, CreateShareRequest, ShareRequest
from linkxg.network.requests.read_requests import view_of
from linkxg.network.requests.write_request import record_request, write_request

REQUESTS = Budget("share-requests", 300, 3_600)
ENDED = "This connection is not active."


async def send_request(
    database: Database,
    actor: Actor,
    account_id: str,
    connection_id: str,
    given: CreateShareRequest,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[ShareRequest]:
    """Raises ValidationFailed, NotFound, InvalidState unless connected, or Conflict (too many are pending)."""
    checked = check_request(given)
    request_id = uuid7()

    def make(conn: Connection) -> ShareRequest | PublicError:
        lock_connection(conn, account_id, connection_id)
        side = find_connection(conn, account_id, connection_id)
        if side is None:
            return NotFound()
        partner_id = side.partner_id
        if side.status != "ACTIVE" or partner_id is None:
            return InvalidState(ENDED)
        lock_visibility(conn, account_id, partner_id)
        if store.count_pending(conn, partner_id, connection_id, MAX_PENDING) >= MAX_PENDING:
            return Conflict(f"At most {MAX_PENDING} requests to a partner can wait for a decision; cancel some first.")
        store.insert_request(
            conn, partner_id, id=request_id, requester_id=account_id, connection_id=connection_id, type=checked.type,
            subject=checked.subject.text, purpose=checked.purpose, created_at=now_ms(),
        )  # fmt: skip
        details = {"type": checked.type, "subject": checked.subject.text}
        record_request(conn, actor, account_id, partner_id, "SENT", request_id, details)
        append_all(conn, {partner_id: [Change("REQUEST_RECEIVED", connection_id, request_id=request_id)]})
        return view_of(conn, account_id, request_id)

    route, content = "POST /connections/{id}/requests", [connection_id, checked]
    return await write_request(database, actor, account_id, route, idempotency_key, content, make)
