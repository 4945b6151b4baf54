"""Finds the journey of a batch or an item in the graph of traceability: its events, and how it was made of what.

Who reads it by the roles of the passport sees the events of its issuer alone, and of each only the step, the time, and
a place that the passports name. A partner with a share of events sees what traceability shows them, without places.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.network.passports.documents.addresses import product_identifier
from linkxg.network.passports.documents.build_document import build_document
from linkxg.network.passports.documents.model import PUBLIC, PassportRecord, Redacted
from linkxg.network.passports.documents.page_details import Journey, JourneyPlace, JourneyStep
from linkxg.network.passports.documents.redaction import redact
from linkxg.network.passports.read.journey_store import LocatedEvent, list_located_events
from linkxg.network.passports.read.store import list_model_passports
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.describe_store import ItemRow, list_items
from linkxg.network.traceability.find_graph import GraphQuery, find_graph
from linkxg.network.traceability.partner_store import list_items_by_uri
from linkxg.network.traceability.timeline import list_shared_items, list_with_inherited, whole
from linkxg.network.traceability.timeline_store import TimelineRow, list_timeline
from linkxg.network.traceability.walk import walk_from
from linkxg.network.traceability.walk_result import WalkLimits
from linkxg.network.traceability.walk_store import WalkDirection

MAX_STEPS = 30
LIMITS = WalkLimits(depth=5, nodes=100)
_UPSTREAM: tuple[WalkDirection, ...] = ("upstream",)
_LOCATION = re.compile(re.escape(RESOLVER) + r"/414/([0-9]{13})(?:/254/.*)?")


class FoundJourney(NamedTuple):
    """`reads` are the products of partners whose events were read, by partner."""

    journey: Journey
    reads: Mapping[str, set[str]]


class _Events:
    """What has been found so far; `made` has what an event made, if that is another item than that of the passport."""

    def __init__(self) -> None:
        self.found: dict[int, LocatedEvent] = {}
        self.made: dict[int, ItemRow] = {}
        self.reads: dict[str, set[str]] = {}
        self.is_cut = False

    def add_timeline(self, rows: Iterable[TimelineRow], *, located: bool = True) -> None:
        for row in rows:
            places = (row.read_point, row.biz_location) if located else (None, None)
            self.found[row.id] = LocatedEvent(row.id, row.event_time, row.biz_step, *places)

    def add_made(self, event_id: int, item: ItemRow, uris: Iterable[str]) -> None:
        if item.uri not in uris:
            self.made.setdefault(event_id, item)


def find_journey(conn: Connection, redacted: Redacted, viewer_id: str | None, now: int) -> FoundJourney | None:
    """None if the reader sees none. `viewer_id` is an account that reads traces, None of anybody else."""
    passport = redacted.passport
    if redacted.shows_journey:
        found = _own_events(conn, passport)
    elif viewer_id not in (None, passport.account_id) and redacted.is_latest and passport.granularity != "model":
        found = _shared_events(conn, passport, str(viewer_id), now)
    else:
        return None
    upstream = _upstream_passports(conn, passport.account_id, found.made.values())
    places = _places(redacted, upstream.values())
    ordered = sorted(found.found.values(), key=lambda event: (event.event_time, event.id))
    steps = tuple(_step(event, found.made.get(event.id), upstream, places) for event in ordered[-MAX_STEPS:])
    is_cut = found.is_cut or len(ordered) > MAX_STEPS
    return FoundJourney(Journey(steps, is_cut), found.reads) if steps else None


def _identifiers(passport: PassportRecord) -> list[str]:
    """Of an item with a lot, events may name both, either, or one after the other."""
    wanted = [passport]
    if passport.lot and passport.serial:
        wanted += [passport._replace(lot=""), passport._replace(serial="")]
    return [product_identifier(one) for one in wanted]


def _own_events(conn: Connection, passport: PassportRecord) -> _Events:
    account_id, uris, events = passport.account_id, _identifiers(passport), _Events()
    made: dict[int, int] = {}
    for root in list_items_by_uri(conn, account_id, uris):
        timeline, _ = list_with_inherited(conn, account_id, root.id, Bounds(), rows=MAX_STEPS + 1)
        events.add_timeline(row for row, _ in timeline)
        walk = walk_from(conn, account_id, root.id, root.level, _UPSTREAM, Bounds(), LIMITS)
        walk.mark_cuts()
        events.is_cut |= walk.is_truncated
        made |= {edge.event_id: edge.target for edge in walk.edges if edge.event_id is not None}
    items = {row.id: row for row in list_items(conn, account_id, set(made.values()))} if made else {}
    for event_id, item_id in made.items():
        events.add_made(event_id, items[item_id], uris)
    if missing := made.keys() - events.found.keys():
        events.found.update((event.id, event) for event in list_located_events(conn, account_id, missing))
    return events


def _shared_events(conn: Connection, passport: PassportRecord, viewer_id: str, now: int) -> _Events:
    """By the same functions as the timeline and the graph of the viewer."""
    uris, events = _identifiers(passport), _Events()
    for uri in uris:
        for one in list_shared_items(conn, viewer_id, uri, now):
            if one.owner_id == passport.account_id:
                rows = list_timeline(conn, one.owner_id, [whole(one.item.id)], Bounds(), rows=MAX_STEPS + 1)
                events.add_timeline(rows, located=False)
                events.reads.setdefault(one.owner_id, set()).update(one.product_ids)
        if events.found and (graph := find_graph(conn, viewer_id, GraphQuery(uri, _UPSTREAM, LIMITS), now)):
            events.is_cut |= graph.walk.is_truncated
            for edge in graph.edges:
                event = graph.events.get(edge.event_id or 0)
                if event is not None:
                    events.found.setdefault(
                        event.id, LocatedEvent(event.id, event.event_time, event.biz_step, None, None)
                    )
                    if edge.kind != "CONTAINED":
                        events.add_made(event.id, graph.items[edge.target], uris)
            if graph.walk.faces is not None:
                for owner_id, products in graph.walk.faces.products_read().items():
                    events.reads.setdefault(owner_id, set()).update(products)
    return events


def _upstream_passports(conn: Connection, account_id: str, items: Iterable[ItemRow]) -> dict[str, Redacted]:
    """The public passports of the issuer's models that these items are of, by GTIN."""
    gtins = {item.gtin14 for item in items if item.gtin14 is not None}
    stored = list_model_passports(conn, account_id, gtins) if gtins else []
    return {one.passport.gtin14: redact(build_document(one), PUBLIC) for one in stored}


def _places(redacted: Redacted, upstream: Iterable[Redacted]) -> dict[str, JourneyPlace]:
    """The places that the reader knows from passports, by GLN: any other may be a partner's."""
    found: dict[str, JourneyPlace] = {}
    if redacted.issuer.gln:
        found[redacted.issuer.gln] = JourneyPlace(redacted.issuer.name, None)
    for one in (*upstream, redacted):
        facility = one.fields.get("facility") or {}
        if facility.get("gln") and (facility.get("name") or facility.get("country")):
            found[facility["gln"]] = JourneyPlace(facility.get("name"), facility.get("country"))
    return found


def _step(
    event: LocatedEvent, made: ItemRow | None, upstream: Mapping[str, Redacted], places: Mapping[str, JourneyPlace]
) -> JourneyStep:
    named = upstream.get(made.gtin14 or "") if made is not None else None
    name = named.fields.get("name") if named is not None else None
    return JourneyStep(
        event.event_time,
        event.biz_step,
        _place(event, places),
        name,
        named.passport.id if named is not None and name else None,
    )


def _place(event: LocatedEvent, places: Mapping[str, JourneyPlace]) -> JourneyPlace | None:
    """Where it happened, or else where its objects are since."""
    for uri in (event.read_point, event.biz_location):
        location = _LOCATION.fullmatch(uri) if uri else None
        if location is not None and location[1] in places:
            return places[location[1]]
    return None
