"""Recalls and notices as the API answers them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.clock import rfc3339, rfc3339_or_none
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.network.connections.model import PartnerAccount
from linkxg.network.recalls import store
from linkxg.network.recalls.item_details import item_details, product_names
from linkxg.network.recalls.model import (
    ItemRecall,
    Onward,
    RecallDetails,
    RecallNotice,
    RecallPlace,
    RecallProgress,
    RecallRecipient,
    RecallStatus,
)
from linkxg.network.traceability.model import AffectedProduct

_NOBODY = (0, 0, 0)


class PassedOn(NamedTuple):
    onward: Onward
    with_consumers: bool


_NOT_PASSED_ON = PassedOn("NONE", with_consumers=False)


def details_of(conn: Connection, account_id: str, recall_id: str) -> RecallDetails | NotFound:
    """Inside a unit of work."""
    row = store.find_recall(conn, account_id, recall_id)
    if row is None:
        return NotFound()
    notices = store.list_notices(conn, account_id, recall_id)
    onward = find_onward(conn, account_id, [one.id for one in notices if one.recipient_id is not None])
    counts = (
        len(notices),
        sum(one.recipient_id is not None for one in notices),
        sum(one.acknowledged_at is not None for one in notices),
    )
    recipients = [_recipient(one, onward.get(one.id, _NOT_PASSED_ON)) for one in notices]
    summary = view_recall(row, counts)
    members = {name: getattr(summary, name) for name in summary.__struct_fields__}
    return RecallDetails(**members, recipients=recipients)


def with_all_items(details: RecallDetails, item_uris: Mapping[str, str]) -> RecallDetails:
    """All items of each recipient, of `store.list_items`: up to 20,000, decoded outside of the event loop."""
    for one in details.recipients:
        if one.id in item_uris:
            one.items = read_items(item_uris[one.id])
    return details


def view_recall(row: AnyRow, counts: tuple[int, int, int] = _NOBODY) -> ItemRecall:
    progress = RecallProgress(*counts)
    status: RecallStatus = "OPEN"
    if not row.truncated and progress.acknowledged == progress.recipients:
        status = "ACKNOWLEDGED" if progress.recipients else "NO_RECIPIENTS"
    items = read_items(row.item_uris)
    return ItemRecall(
        id=row.id,
        status=status if row.withdrawn_at is None else "WITHDRAWN",
        items=items,
        item_details=item_details(items, product_names(row.products)),
        reason=row.reason,
        instructions=row.instructions,
        notice_id=row.notice_id,
        affected_items=row.affected_items,
        with_consumers=row.with_consumers,
        places=msgspec.json.decode(row.places, type=list[RecallPlace]) if row.places else [],
        product_count=row.product_count,
        products=msgspec.json.decode(row.products, type=list[AffectedProduct]),
        progress=progress,
        truncated=bool(row.truncated),
        created_at=rfc3339(row.created_at),
        withdrawn_at=rfc3339_or_none(row.withdrawn_at),
        withdrawal_reason=row.withdrawal_reason,
        reminded_at=rfc3339_or_none(row.reminded_at),
    )


def notice_of(conn: Connection, viewer_id: str, notice_id: str) -> RecallNotice | NotFound:
    """A notice to the viewer, inside a unit of work."""
    row = store.view_received(conn, viewer_id, notice_id)
    if row is None:
        return NotFound()
    return view_notice(row, store.list_passing_on(conn, viewer_id, [notice_id]))


def view_notice(row: AnyRow, passing_on: Mapping[str, list[str]]) -> RecallNotice:
    items = read_items(row.first_items)
    return RecallNotice(
        id=row.id,
        connection_id=row.connection_id,
        issuer=PartnerAccount(row.partner_id, row.partner_name, row.slug),
        reason=row.reason,
        instructions=row.instructions,
        items=items,
        item_details=item_details(items, product_names(row.products)),
        item_count=row.item_count,
        truncated=bool(row.truncated),
        last_sent_at=rfc3339(row.last_sent_at),
        created_at=rfc3339(row.created_at),
        withdrawn_at=rfc3339_or_none(row.withdrawn_at),
        withdrawal_reason=row.withdrawal_reason,
        acknowledged_at=rfc3339_or_none(row.acknowledged_at),
        note=row.note,
        recall_ids=passing_on.get(row.id, []),
    )


def find_onward(conn: Connection, account_id: str, notice_ids: Iterable[str]) -> dict[str, PassedOn]:
    """Whether each notice was passed on, whether everybody behind it has acknowledged, and items are with consumers.

    Too many to follow count as not acknowledged, as does what a partner has recorded on behalf of others, and a recall
    that leaves out something.
    """
    first = list(notice_ids)
    origin = {notice_id: notice_id for notice_id in first}
    is_done: dict[str, bool] = {}
    reached: set[str] = set()
    sold: set[str] = set()
    tier, left = first, store.MAX_ONWARD_NOTICES
    for _ in range(store.MAX_ONWARD_TIERS):
        if not tier or left <= 0:
            break
        following = []
        rows = store.list_onward(conn, account_id, tier, limit=left + 1)
        if len(rows) > left:
            is_done |= dict.fromkeys((origin[one] for one in tier), False)
            reached |= {origin[one] for one in tier}
        for source, notice_id, acknowledged_by, is_truncated, with_consumers in rows:
            start = origin[source]
            if with_consumers:
                sold.add(start)
            is_done[start] = is_done.get(start, True) and not is_truncated
            if is_truncated or notice_id is not None:
                reached.add(start)
            if notice_id is None or notice_id in origin:
                continue
            origin[notice_id] = start
            is_done[start] = is_done[start] and acknowledged_by == "PARTNER"
            following.append(notice_id)
        # Every row was read, also of recalls without recipients.
        left -= len(rows)
        tier = following
    for notice_id in tier:
        is_done[origin[notice_id]] = False
    return {
        notice_id: PassedOn(_onward(is_reached=notice_id in reached, is_done=done), notice_id in sold)
        for notice_id, done in is_done.items()
    }


def _onward(*, is_reached: bool, is_done: bool) -> Onward:
    if not is_reached:
        return "NO_RECIPIENTS"
    return "ACKNOWLEDGED" if is_done else "ANNOUNCED"


def _recipient(row: AnyRow, passed_on: PassedOn) -> RecallRecipient:
    is_notified = row.recipient_id is not None
    return RecallRecipient(
        id=row.id,
        party=row.party,
        gln=row.gln,
        connection_id=row.connection_id,
        partner=PartnerAccount(row.partner_id, row.partner_name, row.slug) if is_notified else None,
        notified=is_notified,
        contested=bool(row.contested),
        items=read_items(row.first_items),
        item_count=row.item_count,
        truncated=bool(row.truncated),
        last_sent_at=rfc3339(row.last_sent_at),
        acknowledged_at=rfc3339_or_none(row.acknowledged_at),
        acknowledged_by=row.acknowledged_by,
        note=row.note,
        onward=passed_on.onward,
        with_consumers=passed_on.with_consumers,
    )


def read_items(encoded: str) -> list[str]:
    """Of a column."""
    return msgspec.json.decode(encoded, type=list[str])
