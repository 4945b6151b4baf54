"""Declines a request, or cancels one's own."""

from sqlalchemy import Connection

from linkxg.audit.model import Actor
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome
from linkxg.db.schema import AnyRow
from linkxg.network.check_fields import check_reason
from linkxg.network.feed.model import Change
from linkxg.network.requests.model import ShareRequest
from linkxg.network.requests.write_request import Decision, decide_request


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

    def decide(conn: Connection, row: AnyRow) -> Decision:
        declined = Change("REQUEST_DECLINED", row.connection_id, request_id=request_id)
        return Decision("DECLINED", [declined], {"reason": reason} if reason else {}, reason)

    return await decide_request(
        database, actor, account_id, request_id, "INCOMING", "decline", idempotency_key, [reason], decide
    )


async def cancel_request(
    database: Database, actor: Actor, account_id: str, request_id: str, idempotency_key: str | None = None
) -> IdempotentOutcome[ShareRequest]:
    """By the account that asks. Raises NotFound, or InvalidState."""

    def decide(conn: Connection, row: AnyRow) -> Decision:
        return Decision("CANCELLED", [Change("REQUEST_CANCELLED", row.connection_id, request_id=request_id)], {})

    return await decide_request(
        database, actor, account_id, request_id, "OUTGOING", "cancel", idempotency_key, [], decide
    )
