"""Acknowledges a notice: by the partner who received it, or by the account for a recipient who is not notified."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import InvalidState, NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import FieldFault
from linkxg.identity.authorization.write_as import write_once_by_id
from linkxg.network.check_fields import check_text
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.recalls import store
from linkxg.network.recalls.model import RecallDetails, RecallNotice
from linkxg.network.recalls.view_recall import notice_of
from linkxg.network.recalls.write_recall import write_recall

RECALL_ANSWERS = Budget("recall-acknowledgements", 5_000, 3_600)
DONE = "It has already been acknowledged."


async def acknowledge_notice(
    database: Database,
    actor: Actor,
    account_id: str,
    notice_id: str,
    note: str | None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[RecallNotice]:
    """By the account that was notified. Raises ValidationFailed, NotFound, or InvalidState."""
    _check(note)

    def make(conn: Connection) -> RecallNotice | PublicError:
        row = store.view_received(conn, account_id, notice_id)
        if row is None:
            return NotFound()
        audit.lock_chains(conn, account_id, row.account_id)
        if not store.acknowledge_notice(
            conn, row.account_id, notice_id, acknowledged_at=now_ms(), acknowledged_by="PARTNER", note=note
        ):
            return InvalidState(DONE)
        audit.record_both(conn, actor, account_id, row.account_id, "recall.acknowledged", notice_id, {})
        change = Change("RECALL_ACKNOWLEDGED", row.connection_id, notice_id=notice_id)
        append_all(conn, {row.account_id: [change]})
        return notice_of(conn, account_id, notice_id)

    content = [actor.id, notice_id, note]
    request = Request(account_id, "POST /traceability/recall-notices/{id}/acknowledge", idempotency_key, content)
    return await write_once_by_id(database, actor, request, make, lambda conn, id: notice_of(conn, account_id, id))


async def record_acknowledgement(
    database: Database,
    actor: Actor,
    account_id: str,
    recall_id: str,
    notice_id: str,
    note: str | None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[RecallDetails]:
    """By the account that recalls, of a recipient who is not notified. Raises as `acknowledge_notice`."""
    _check(note)

    def write(conn: Connection) -> PublicError | None:
        row = store.find_notice(conn, account_id, notice_id)
        if row is None or row.recall_id != recall_id:
            return NotFound()
        if row.recipient_id is not None:
            return InvalidState("The partner has the notice and acknowledges it themselves.")
        if not store.acknowledge_notice(
            conn, account_id, notice_id, acknowledged_at=now_ms(), acknowledged_by="SELF", note=note
        ):
            return InvalidState(DONE)
        audit.record(conn, account_id, actor, "recall.acknowledged", notice_id, {"recall": recall_id})
        return None

    route, content = (
        "POST /traceability/recalls/{id}/recipients/{id}/acknowledge",
        [actor.id, recall_id, notice_id, note],
    )
    request = Request(account_id, route, idempotency_key, content)
    return await write_recall(database, actor, request, account_id, recall_id, write)


def _check(note: str | None) -> None:
    """Raises ValidationFailed."""
    faults: list[FieldFault] = []
    check_text("note", note, faults)
    if faults:
        raise ValidationFailed(details=faults)
