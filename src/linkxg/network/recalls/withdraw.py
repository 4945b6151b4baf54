"""Withdraws a recall: its recipients see that it is withdrawn, and why."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.network.check_fields import check_reason
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.recalls import store
from linkxg.network.recalls.model import RecallDetails
from linkxg.network.recalls.write_recall import write_recall


async def withdraw_recall(
    database: Database,
    actor: Actor,
    account_id: str,
    recall_id: str,
    reason: str | None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[RecallDetails]:
    """Raises ValidationFailed, NotFound, or InvalidState."""
    check_reason(reason)

    def write(conn: Connection) -> PublicError | None:
        if store.find_recall(conn, account_id, recall_id) is None:
            return NotFound()
        if not store.withdraw_recall(conn, account_id, recall_id, at=now_ms(), reason=reason):
            return InvalidState("The recall has already been withdrawn.")
        audit.record(conn, account_id, actor, "recall.withdrawn", recall_id, {"reason": reason} if reason else {})
        changes: dict[str, list[Change]] = {}
        for one in store.list_recipients(conn, account_id, recall_id):
            change = Change("RECALL_WITHDRAWN", one.connection_id, notice_id=one.id)
            changes.setdefault(one.recipient_id, []).append(change)
        append_all(conn, changes)
        return None

    request = Request(
        account_id, "POST /traceability/recalls/{id}/withdraw", idempotency_key, [actor.id, recall_id, reason]
    )
    return await write_recall(database, actor, request, account_id, recall_id, write)
