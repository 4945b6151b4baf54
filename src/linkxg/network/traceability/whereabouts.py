"""Where many items were last seen, and which are with consumers, by own events about them or their containers."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.network.epcis.documents.model import Level
from linkxg.network.traceability.bounds_model import EARLIEST_MS, Bounds
from linkxg.network.traceability.containment import Stay
from linkxg.network.traceability.describe_store import ItemRow
from linkxg.network.traceability.whereabouts_store import PlacedRow, list_placed

MAX_PLACED_ROWS = 50_000
WITH_CONSUMERS = frozenset({"retail_sold", "dispensed", "partially_dispensed"})
"""Dispositions (CBV 2.0 §7.2) of what has left the supply chain."""


class Whereabouts(NamedTuple):
    disposition: str | None
    place: str | None
    with_consumers: bool


def list_whereabouts(
    conn: Connection, account_id: str, items: Mapping[int, ItemRow], stays: Iterable[Stay], bounds: Bounds
) -> dict[int, Whereabouts] | None:
    """By item; None if there are too many events to say it.

    An event about a lot may be about a part of it: a lot of which anything was sold stays with consumers.
    """
    stays = list(stays)
    wanted = {*items, *(stay.container_id for stay in stays)}
    rows = list_placed(conn, account_id, wanted, bounds._replace(since=EARLIEST_MS), rows=MAX_PLACED_ROWS)
    if len(rows) >= MAX_PLACED_ROWS:
        return None
    by_item: dict[int, list[PlacedRow]] = {}
    for row in rows:
        by_item.setdefault(row.item_id, []).append(row)
    of_item = {item_id: list(by_item.get(item_id, ())) for item_id in items}
    for stay in stays:
        inherited = by_item.get(stay.container_id, ())
        of_item[stay.origin] += [row for row in inherited if stay.since <= row.event_time <= stay.until]
    return {item_id: _last(rows, is_lot=items[item_id].level != Level.INSTANCE) for item_id, rows in of_item.items()}


def _last(rows: list[PlacedRow], *, is_lot: bool) -> Whereabouts:
    rows.sort(key=lambda row: (row.event_time, row.event_id), reverse=True)
    disposition = next((row.disposition for row in rows if row.disposition), None)
    sold = any(row.disposition in WITH_CONSUMERS for row in rows) if is_lot else disposition in WITH_CONSUMERS
    return Whereabouts(disposition, next((row.place for row in rows if row.place), None), sold)
