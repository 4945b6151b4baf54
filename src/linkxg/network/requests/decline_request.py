"""Declines a request, or cancels one's own."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.db.schema import AnyRow
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.network.check_fields import check_reason
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.requests import store
from linkxg.network.requests.model import ShareRequest
from linkxg.network.requests.read_requests import view_of
from linkxg.network.requests.write_request import record_both, write_request

_DECIDED = "The request has been decided or cancelled."


async def decline_request(
    database: Database,
    actor: Actor,
    account_id: str,
    request_id: str,
    reason: str | None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[ShareRequest]:
    """By the account that is asked. Raises ValidationFailed, NotFound, or InvalidState."""
    check_reason(reason)

    def make(conn: Connection) -> ShareRequest | PublicError:
        row = lock_incoming(conn, account_id, request_id)
        if isinstance(row, PublicError):
            return row
        store.decide(conn, account_id, request_id, status="DECLINED", decided_at=now_ms(), reason=reason)
        details = {"reason": reason} if reason else {}
        record_both(conn, actor, account_id, row.requester_id, "request.declined", request_id, details)
        declined = Change("REQUEST_DECLINED", row.connection_id, request_id=request_id)
        append_all(conn, {row.requester_id: [declined]})
        return view_of(conn, account_id, request_id)

    route, content = "POST /requests/{id}/decline", [request_id, reason]
    return await write_request(database, actor, account_id, route, idempotency_key, content, make)


async def cancel_request(
    database: Database, actor: Actor, account_id: str, request_id: str, idempotency_key: str | None = None
) -> IdempotentOutcome[ShareRequest]:
    """By the account that asks. Raises NotFound, or InvalidState."""

    def make(conn: Connection) -> ShareRequest | PublicError:
        row = store.find_outgoing(conn, account_id, request_id)
        if row is None:
            return NotFound()
        if not store.decide(conn, row.account_id, request_id, status="CANCELLED", decided_at=now_ms()):
            return InvalidState(_DECIDED)
        record_both(conn, actor, account_id, row.account_id, "request.cancelled", request_id, {})
        return view_of(conn, account_id, request_id)

    route, content = "POST /requests/{id}/cancel", [request_id]
    return await write_request(database, actor, account_id, route, idempotency_key, content, make)


def lock_incoming(conn: Connection, account_id: str, request_id: str) -> AnyRow | PublicError:
    """A pending request to this account, locked until the transaction ends; NotFound to everybody else."""
    row = store.lock_incoming(conn, account_id, request_id)
    if row is None:
        return NotFound()
    return row if row.status == "PENDING" else InvalidState(_DECIDED)
