"""Reads the timeline of an item: its events, those of its containers while it was in them, and those partners share."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.clock import now_ms, rfc3339
from linkxg.http.long_answer import LongAnswer
from linkxg.network.epcis.events.model import is_ahead
from linkxg.network.traceability import describe_store, partner_store
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.containment import Stays, list_stays
from linkxg.network.traceability.describe_store import ItemRow
from linkxg.network.traceability.model import Owner, TimelineEvent
from linkxg.network.traceability.read_graph import TraceReader, read_settled
from linkxg.network.traceability.timeline_store import TimelineRow, TimelineSource, list_timeline

MAX_SOURCES = 1_000


class TimelinePlace(NamedTuple):
    """Where a page ends: the time of its last event, and how many events at that time have been shown."""

    at: int
    shown: int


class OwnedRow(NamedTuple):
    """`owner` is the partner's account and name, None for an own event; `inherited_from` is a container's URI."""

    row: TimelineRow
    owner: tuple[str, str] | None
    inherited_from: str | None


class SharedItem(NamedTuple):
    item: ItemRow
    owner_id: str
    name: str
    product_ids: tuple[str, ...]


class FoundTimeline(NamedTuple):
    rows: list[OwnedRow]
    read: list[SharedItem]


async def read_timeline(
    reader: TraceReader,
    account_id: str,
    uri: str,
    bounds: Bounds,
    answer: LongAnswer | None = None,
    *,
    after: TimelinePlace | None,
    limit: int,
) -> tuple[list[TimelineEvent], TimelinePlace | None]:
    """(events, the newest first; where to continue). Raises NotFound, and the errors of `read_settled`."""

    def unit(conn: Connection) -> FoundTimeline | None:
        return _find(conn, account_id, uri, bounds, after, limit + 1, now_ms())

    def is_unchanged(conn: Connection, found: FoundTimeline, now: int) -> bool:
        return list_shared_items(conn, account_id, uri, now) == found.read

    found = await read_settled(reader, answer, is_unchanged, unit)
    for shared in found.read:
        reader.count_reads(shared.owner_id, account_id, list(shared.product_ids))
    page = found.rows[:limit]
    return [_view(one) for one in page], _place(page, after) if len(found.rows) > limit else None


def _find(
    conn: Connection, account_id: str, uri: str, bounds: Bounds, after: TimelinePlace | None, count: int, now: int
) -> FoundTimeline | None:
    item = describe_store.find_item(conn, account_id, uri)
    shared = list_shared_items(conn, account_id, uri, now)
    if item is None and not shared:
        return None
    if after is not None:
        bounds = bounds._replace(until=min(bounds.until, after.at + 1))
        count += after.shown
    rows: list[OwnedRow] = []
    if item is not None:
        own, _ = list_with_inherited(conn, account_id, item.id, bounds, rows=count)
        rows += [OwnedRow(row, None, container) for row, container in own]
    for one in shared:
        partners = list_timeline(conn, one.owner_id, [whole(one.item.id)], bounds, rows=count)
        rows += [OwnedRow(row, (one.owner_id, one.name), None) for row in partners]
    rows.sort(key=lambda one: (one.row.event_time, one.owner is None, one.row.id), reverse=True)
    return FoundTimeline(rows[after.shown if after else 0 :][: count - (after.shown if after else 0)], shared)


def list_shared_items(conn: Connection, viewer_id: str, uri: str, now: int) -> list[SharedItem]:
    """What partners know of the item and let the viewer see the events of."""
    gtin14 = gtin_of(uri)
    owners = partner_store.list_owners(conn, viewer_id, now, "EVENTS").names if gtin14 else {}
    if not owners or gtin14 is None:
        return []
    products: dict[str, list[str]] = {}
    for row in partner_store.list_shared_gtins(conn, viewer_id, owners, [gtin14], now, "EVENTS"):
        products.setdefault(row.owner_id, []).append(row.product_id)
    return [
        SharedItem(item, owner_id, owners[owner_id], tuple(dict.fromkeys(ids)))
        for owner_id, ids in products.items()
        for item in partner_store.list_items_by_uri(conn, owner_id, [uri])
    ]


def gtin_of(uri: str) -> str | None:
    """The GTIN of an identifier in the normal form."""
    head, _, rest = uri.partition(f"{RESOLVER}/01/")
    return rest[:14] if not head and rest else None


def whole(item_id: int) -> TimelineSource:
    """All events of the item."""
    return TimelineSource(item_id, Bounds().since, Bounds().until)


def list_with_inherited(
    conn: Connection, account_id: str, item_id: int, bounds: Bounds, *, rows: int
) -> tuple[list[tuple[TimelineRow, str | None]], Stays]:
    """Own events, each with the container that it is inherited from, and the stays in containers."""
    stays = list_stays(conn, account_id, [item_id], bounds)
    # The latest, if they are very many.
    latest = sorted(stays.found, key=lambda stay: stay.until, reverse=True)[:MAX_SOURCES]
    sources = [whole(item_id), *(TimelineSource(stay.container_id, stay.since, stay.until) for stay in latest)]
    found = list_timeline(conn, account_id, sources, bounds, rows=rows)
    containers = _uris(conn, account_id, {sources[row.source].item_id for row in found if row.source})
    return [(row, containers.get(sources[row.source].item_id) if row.source else None) for row in found], stays


def _uris(conn: Connection, account_id: str, item_ids: Iterable[int]) -> dict[int, str]:
    ids = list(item_ids)
    return {row.id: row.uri for row in describe_store.list_items(conn, account_id, ids)} if ids else {}


def _place(page: list[OwnedRow], after: TimelinePlace | None) -> TimelinePlace:
    at = page[-1].row.event_time
    shown = sum(one.row.event_time == at for one in page)
    return TimelinePlace(at, shown + (after.shown if after is not None and after.at == at else 0))


def _view(one: OwnedRow) -> TimelineEvent:
    """Without the locations of a partner's event, which may be those of third parties."""
    row = one.row
    return TimelineEvent(
        event_id=row.event_id,
        type=row.type,
        action=row.action,
        event_time=rfc3339(row.event_time),
        record_time=rfc3339(row.record_time),
        biz_step=row.biz_step,
        disposition=row.disposition,
        read_point=row.read_point if one.owner is None else None,
        biz_location=row.biz_location if one.owner is None else None,
        inherited_from=one.inherited_from,
        voided=bool(row.is_voided),
        ahead_of_record_time=is_ahead(row.event_time, row.record_time),
        owner=Owner(*one.owner) if one.owner else None,
    )
