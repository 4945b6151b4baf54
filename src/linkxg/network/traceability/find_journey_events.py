"""Finds the events of the journey of an item: its own, those of its containers, and how it was made of what."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.describe_store import ItemRow, list_items
from linkxg.network.traceability.find_graph import FoundGraph, GraphQuery, find_graph
from linkxg.network.traceability.journey_model import JourneyEvents, LocatedEvent
from linkxg.network.traceability.journey_store import list_located_events
from linkxg.network.traceability.partner_store import list_items_by_uri
from linkxg.network.traceability.timeline import list_shared_items, list_with_inherited, whole
from linkxg.network.traceability.timeline_store import TimelineRow, list_timeline
from linkxg.network.traceability.walk import walk_from
from linkxg.network.traceability.walk_result import WalkLimits
from linkxg.network.traceability.walk_store import WalkDirection

LIMITS = WalkLimits(depth=5, nodes=100)
_UPSTREAM: tuple[WalkDirection, ...] = ("upstream",)


def find_own_journey(conn: Connection, account_id: str, uris: Sequence[str], *, rows: int) -> JourneyEvents:
    """From the account's own events alone. `uris` are the identifiers of one item; of its timeline, `rows` are read."""
    events = JourneyEvents()
    made: dict[int, int] = {}
    for root in list_items_by_uri(conn, account_id, uris):
        timeline, _ = list_with_inherited(conn, account_id, root.id, Bounds(), rows=rows)
        _add_timeline(events, (row for row, _ in timeline), is_located=True)
        walk = walk_from(conn, account_id, root.id, root.level, _UPSTREAM, Bounds(), LIMITS)
        walk.mark_cuts()
        events.is_cut |= walk.is_truncated
        made |= {edge.event_id: edge.target for edge in walk.edges if edge.event_id is not None}
    items = {row.id: row for row in list_items(conn, account_id, set(made.values()))} if made else {}
    for event_id, item_id in made.items():
        _add_made(events, event_id, items[item_id], uris)
    if missing := made.keys() - events.found.keys():
        events.found.update((event.id, event) for event in list_located_events(conn, account_id, missing))
    return events


def find_shared_journey(
    conn: Connection, viewer_id: str, owner_id: str, uris: Sequence[str], now: int, *, rows: int
) -> JourneyEvents:
    """What a partner's shares show of it, without places, by the functions of the viewer's own timeline and graph."""
    events = JourneyEvents()
    for uri in uris:
        for one in list_shared_items(conn, viewer_id, uri, now):
            if one.owner_id == owner_id:
                found = list_timeline(conn, owner_id, [whole(one.item.id)], Bounds(), rows=rows)
                _add_timeline(events, found, is_located=False)
                _add_reads(events, owner_id, one.product_ids)
        if events.found and (graph := find_graph(conn, viewer_id, GraphQuery(uri, _UPSTREAM, LIMITS), now)):
            _add_graph(events, graph, uris)
    return events


def _add_graph(events: JourneyEvents, graph: FoundGraph, uris: Sequence[str]) -> None:
    events.is_cut |= graph.walk.is_truncated
    for edge in graph.edges:
        event = graph.events.get(edge.event_id or 0)
        if event is not None:
            unlocated = LocatedEvent(event.id, event.type, event.event_time, event.biz_step, None, None)
            events.found.setdefault(event.id, unlocated)
            if edge.kind != "CONTAINED":
                _add_made(events, event.id, graph.items[edge.target], uris)
    if graph.walk.faces is not None:
        for owner_id, product_ids in graph.walk.faces.products_read().items():
            _add_reads(events, owner_id, product_ids)


def _add_timeline(events: JourneyEvents, rows: Iterable[TimelineRow], *, is_located: bool) -> None:
    for row in rows:
        places = (row.read_point, row.biz_location) if is_located else (None, None)
        events.found[row.id] = LocatedEvent(row.id, row.type, row.event_time, row.biz_step, *places)


def _add_made(events: JourneyEvents, event_id: int, item: ItemRow, uris: Sequence[str]) -> None:
    if item.uri not in uris:
        events.made.setdefault(event_id, item.gtin14)


def _add_reads(events: JourneyEvents, owner_id: str, product_ids: Iterable[str]) -> None:
    events.reads.setdefault(owner_id, set()).update(product_ids)
