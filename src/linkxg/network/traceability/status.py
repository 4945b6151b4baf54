"""Reads where an item is and what is known of it, from its newest events and those of its containers."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import LATEST_MS, rfc3339
from linkxg.http.long_answer import LongAnswer
from linkxg.network.traceability import describe_store
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.containment import Stay
from linkxg.network.traceability.describe_store import ItemRow
from linkxg.network.traceability.model import Container, ItemStatus, LastLocation
from linkxg.network.traceability.read_graph import TraceReader, read_settled
from linkxg.network.traceability.timeline import list_with_inherited
from linkxg.network.traceability.timeline_store import SET, TimelineRow, list_persistent_dispositions
from linkxg.network.traceability.view_graph import GRANULARITIES, digital_link

NEWEST = 500
"""Events that are searched for a location and a disposition."""
MAX_DISPOSITIONS = 10_000


class _FoundStatus(NamedTuple):
    item: ItemRow
    rows: list[tuple[TimelineRow, str | None]]
    open_stays: list[tuple[Stay, str]]
    persistent: list[str]
    is_complete: bool


async def read_status(
    reader: TraceReader, account_id: str, uri: str, bounds: Bounds, answer: LongAnswer | None = None
) -> ItemStatus:
    """From own events alone. Raises NotFound, and the errors of `read_settled`."""

    def unit(conn: Connection) -> _FoundStatus | None:
        return _find(conn, account_id, uri, bounds)

    found = await read_settled(reader, answer, lambda *_: True, unit)
    item, rows = found.item, found.rows
    placed = next(((row, by) for row, by in rows if row.read_point or row.biz_location), None)
    return ItemStatus(
        id=item.uri,
        digital_link=digital_link(item.uri),
        gtin=item.gtin14,
        lot=item.lot,
        serial=item.serial,
        granularity=GRANULARITIES[item.level],
        location=_location(*placed) if placed else None,
        disposition=next((row.disposition for row, _ in rows if row.disposition), None),
        persistent_dispositions=found.persistent,
        containers=[Container(uri, rfc3339(stay.since)) for stay, uri in found.open_stays],
        last_seen_at=rfc3339(rows[0][0].event_time) if rows else None,
        events_truncated=not found.is_complete,
    )


def _find(conn: Connection, account_id: str, uri: str, bounds: Bounds) -> _FoundStatus | None:
    item = describe_store.find_item(conn, account_id, uri)
    if item is None:
        return None
    rows, stays = list_with_inherited(conn, account_id, item.id, bounds, rows=NEWEST)
    open_stays = sorted((stay for stay in stays.found if stay.until == LATEST_MS), key=lambda stay: stay.nesting)
    ids = {stay.container_id for stay in open_stays}
    uris = {row.id: row.uri for row in describe_store.list_items(conn, account_id, ids)} if ids else {}
    persistent, are_all = _persistent(conn, account_id, item.id, bounds)
    return _FoundStatus(
        item,
        rows,
        [(stay, uris[stay.container_id]) for stay in open_stays],
        persistent,
        stays.is_complete and len(rows) < NEWEST and are_all,
    )


def _persistent(conn: Connection, account_id: str, item_id: int, bounds: Bounds) -> tuple[list[str], bool]:
    """Each that was set last, not unset (EPCIS 2.0 §7.4.1.5), and whether these are all."""
    latest: dict[str, str] = {}
    found = [*list_persistent_dispositions(conn, account_id, item_id, bounds, rows=MAX_DISPOSITIONS)]
    for _, _, name, disposition in found:
        latest.setdefault(disposition, name)
    return sorted(one for one, name in latest.items() if name == SET), len(found) < MAX_DISPOSITIONS


def _location(row: TimelineRow, container: str | None) -> LastLocation:
    return LastLocation(row.read_point, row.biz_location, row.event_id, rfc3339(row.event_time), container)
