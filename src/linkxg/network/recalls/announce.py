"""Announces a recall: records what it concerns, and notifies the partners who received affected items."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms, read_rfc3339
from linkxg.db.advisory_lock import lock_until_commit
from linkxg.db.idempotency import IdempotentOutcome, Request
from linkxg.errors import Conflict, InvalidRequest, InvalidState, PublicError, ValidationFailed
from linkxg.http.long_answer import LongAnswer
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.ids import uuid7
from linkxg.network.check_fields import check_text
from linkxg.network.connections.store import find_partner, lock_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.recalls import store
from linkxg.network.recalls.joint_impact import JointImpact, read_joint_impact
from linkxg.network.recalls.model import (
    MAX_INSTRUCTIONS,
    MAX_ITEMS,
    MAX_NOTICES,
    MAX_PASSED_ON,
    MAX_PLACES,
    MAX_PRODUCTS,
    AnnounceRecall,
    RecallDetails,
)
from linkxg.network.recalls.read_recalls import read_notice_items
from linkxg.network.recalls.share_out import FIRST_ITEMS
from linkxg.network.recalls.write_recall import find_replay, write_recall
from linkxg.network.traceability.read_graph import TraceReader
from linkxg.network.traceability.read_query import UNKNOWN_ITEM, read_uri

RECALLS = Budget("recalls", 120, 3_600)
_ENCODER = msgspec.json.Encoder()


class _Checked(NamedTuple):
    items: list[str]
    reason: str
    instructions: str | None
    connection_ids: frozenset[str] | None
    notice_id: str | None
    is_partial: bool
    """Whether the notice has more items than one recall may."""


async def announce_recall(
    reader: TraceReader,
    actor: Actor,
    account_id: str,
    given: AnnounceRecall,
    answer: LongAnswer | None = None,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[RecallDetails]:
    """Raises ValidationFailed with every fault, and the errors of `read_impact`."""
    request = Request(account_id, "POST /traceability/recalls", idempotency_key, [actor.id, given])
    if (replay := await find_replay(reader.database, actor, request, account_id)) is not None:
        return replay
    checked = await _check(reader, account_id, given)
    impact = await read_joint_impact(reader, account_id, checked.items, answer)
    _require_known(checked, impact)
    recall_id = uuid7()

    def write(conn: Connection) -> PublicError | None:
        now = now_ms()
        if (passed_on := checked.notice_id) is not None:
            lock_until_commit(conn, f"recall notice {passed_on}")
            received = store.lock_received(conn, account_id, passed_on)
            if received is None or received.withdrawn_at is not None:
                return InvalidState("The recall of this notice was withdrawn.")
            if store.count_passing_on(conn, account_id, passed_on) >= MAX_PASSED_ON:
                return Conflict(f"{MAX_PASSED_ON} of your recalls pass this notice on; withdraw one first.")
        notices, changes = _notices(conn, account_id, checked, impact)
        store.insert_recall(
            conn,
            account_id,
            notices,
            id=recall_id,
            item_uris=_encode(checked.items),
            products=_encode(impact.products[:MAX_PRODUCTS]),
            product_count=len(impact.products),
            affected_items=len(impact.items),
            with_consumers=impact.with_consumers,
            places=_encode(impact.places[:MAX_PLACES]),
            truncated=int(impact.truncated or checked.is_partial),
            reason=checked.reason,
            instructions=checked.instructions,
            notice_id=checked.notice_id,
            created_at=now,
        )
        details = {"items": len(impact.items), "recipients": len(notices), "notified": len(changes)}
        audit.record(conn, account_id, actor, "recall.announced", recall_id, details)
        append_all(conn, changes)
        return None

    return await write_recall(reader.database, actor, request, account_id, recall_id, write)


async def _check(reader: TraceReader, account_id: str, given: AnnounceRecall) -> _Checked:
    """Raises ValidationFailed."""
    faults: list[FieldFault] = []
    if not given.reason.strip():
        faults.append(fault("reason", "Say why it is recalled.", "required"))
    check_text("reason", given.reason, faults)
    check_text("instructions", given.instructions, faults, MAX_INSTRUCTIONS)
    texts, of_notice = given.items, None
    if given.notice_id is not None:
        try:
            of_notice = await read_notice_items(reader.database, account_id, given.notice_id)
            texts = of_notice[:MAX_ITEMS] if texts is None else texts
        except PublicError:
            faults.append(fault("noticeId", "You have no notice with this id."))
    items = [] if texts is None else _read_items(texts, faults)
    is_partial = of_notice is not None and len(of_notice) > MAX_ITEMS
    if (
        items
        and of_notice is not None
        and (set(items) - set(of_notice) or (set(of_notice) - set(items) and not is_partial))
    ):
        faults.append(fault("items", "Pass on all items of the notice, and no others."))
    if texts is None and given.notice_id is None:
        faults.append(fault("items", "Say what is recalled.", "required"))
    if faults:
        raise ValidationFailed(details=faults)
    chosen = None if given.connection_ids is None else frozenset(given.connection_ids)
    return _Checked(items, given.reason.strip(), given.instructions or None, chosen, given.notice_id, is_partial)


def _read_items(texts: Sequence[str], faults: list[FieldFault]) -> list[str]:
    if not 0 < len(texts) <= MAX_ITEMS:
        faults.append(fault("items", f"Give 1 to {MAX_ITEMS} items."))
        return []
    found = []
    for text in texts:
        try:
            found.append(read_uri(text, None, None, None))
        except InvalidRequest as error:
            faults.append(fault("items", error.description.removeprefix("The parameter item is not valid. ")))
    return list(dict.fromkeys(found))


def _require_known(checked: _Checked, impact: JointImpact) -> None:
    """Raises ValidationFailed for items without events, and for partners who received nothing."""
    faults: list[FieldFault] = []
    is_passed_on = checked.notice_id is not None
    # A notice may name items that were received without an event.
    if impact.unknown and not (is_passed_on and impact.items):
        faults.append(fault("items", UNKNOWN_ITEM, "unknown"))
    received = {one.connection_id for one in impact.recipients}
    if checked.connection_ids is not None and not checked.connection_ids <= received:
        faults.append(fault("connectionIds", "Only partners who received affected items can be notified."))
    if len(impact.recipients) > MAX_NOTICES:
        faults.append(fault("items", f"More than {MAX_NOTICES} recipients: recall fewer items at once."))
    if faults:
        raise ValidationFailed(details=faults)


def _notices(
    conn: Connection, account_id: str, checked: _Checked, impact: JointImpact
) -> tuple[list[dict[str, Any]], dict[str, list[Change]]]:
    """Rows, and what the feeds of those say who are notified: partners who are connected at this moment."""
    chosen = {
        one.connection_id
        for one in impact.recipients
        if one.connection_id and (checked.connection_ids is None or one.connection_id in checked.connection_ids)
    }
    partners = {}
    # In order: two transactions cannot deadlock.
    for connection_id in sorted(chosen):
        lock_connection(conn, account_id, connection_id)
        partners[connection_id] = find_partner(conn, account_id, connection_id)
    # What was not found may have been sent to any of them.
    is_cut = impact.is_cut or checked.is_partial
    rows: list[dict[str, Any]] = []
    changes: dict[str, list[Change]] = {}
    for one in impact.recipients:
        partner_id = partners.get(one.connection_id or "")
        notice_id = uuid7()
        rows.append({
            "id": notice_id, "party": one.party[:500], "gln": one.gln, "recipient_id": partner_id,
            "connection_id": one.connection_id, "item_uris": _encode(one.items),
            "first_items": _encode(one.items[:FIRST_ITEMS]), "item_count": len(one.items),
            "truncated": int(is_cut or len(one.items) < one.item_count), "contested": int(one.contested),
            "last_sent_at": read_rfc3339(one.last_sent_at),
        })  # fmt: skip
        if partner_id is not None:
            change = Change("RECALL_NOTICE", one.connection_id, notice_id=notice_id)
            changes.setdefault(partner_id, []).append(change)
    return rows, changes


def _encode(value: Any) -> str:
    return _ENCODER.encode(value).decode()
