"""Reminds the partners who have not acknowledged a recall: they are mailed once more."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.network.recalls import store
from linkxg.network.recalls.model import RecallDetails
from linkxg.network.recalls.write_recall import write_recall

REMINDER_MS = 20 * 3_600 * 1_000
"""Between two reminders of one recall: somebody may send one every morning."""
NO_MAIL = "This service sends no mail. Partners see the notice on their page of recalls and in the feed."


async def remind_recipients(
    database: Database,
    actor: Actor,
    account_id: str,
    recall_id: str,
    idempotency_key: str | None = None,
    *,
    sends_mail: bool,
) -> IdempotentOutcome[RecallDetails]:
    """The caller sends the mails. Without `sends_mail` there is none, so that none is counted.

    Raises NotFound, or InvalidState.
    """

    def write(conn: Connection) -> PublicError | None:
        found = store.find_recall(conn, account_id, recall_id)
        if found is None:
            return NotFound()
        if found.withdrawn_at is not None:
            return InvalidState("The recall is withdrawn.")
        waiting = [one for one in store.list_recipients(conn, account_id, recall_id) if one.acknowledged_at is None]
        if not waiting:
            return InvalidState("Every notified partner has acknowledged.")
        if not sends_mail:
            return InvalidState(NO_MAIL)
        now = now_ms()
        if not store.take_reminder(conn, account_id, recall_id, at=now, not_after=now - REMINDER_MS):
            return InvalidState("A recall can be reminded of once in 20 hours.")
        audit.record(conn, account_id, actor, "recall.reminded", recall_id, {"recipients": len(waiting)})
        return None

    request = Request(account_id, "POST /traceability/recalls/{id}/remind", idempotency_key, [actor.id, recall_id])
    return await write_recall(database, actor, request, account_id, recall_id, write)
