"""`/traceability/…`: the genealogy of items, their events and status, and the impact of a recall."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter

from linkxg.db import Database
from linkxg.http.csv_response import CSV, accepted_type, csv_response
from linkxg.http.headers import LINK
from linkxg.http.long_answer import long_answer
from linkxg.http.page_response import page_response
from linkxg.http.pagination import DEFAULT_LIMIT, Cursors, Limit, Page, Success
from linkxg.http.permissions import scope
from linkxg.http.request_context import account_id_of, context_of
from linkxg.http.route_declaration import Tag
from linkxg.network.epcis.documents.model import MAX_URI
from linkxg.network.shared_products.model import CountReads
from linkxg.network.traceability import csv_tables, event_document
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.find_graph import GraphQuery
from linkxg.network.traceability.impact import read_impact
from linkxg.network.traceability.model import (
    DEFAULT_DEPTH,
    DEFAULT_NODES,
    MAX_DEPTH,
    MAX_NODES,
    Graph,
    Impact,
    ItemStatus,
    TimelineEvent,
)
from linkxg.network.traceability.read_graph import GRAPHS, TraceReader, read_graph, read_graph_events
from linkxg.network.traceability.read_query import read_bounds, read_uri
from linkxg.network.traceability.status import read_status
from linkxg.network.traceability.timeline import TimelinePlace, read_timeline
from linkxg.network.traceability.tombstones import pseudonymizer
from linkxg.network.traceability.walk_result import WalkLimits
from linkxg.network.traceability.walk_store import DIRECTIONS, WalkDirection

TAG = Tag("Traceability", "What items were made of, what was made of them, where they are, and what a recall concerns.")
PATH = "/api/v1/traceability"
_TIME = 40
Item = Annotated[
    str | None, QueryParameter(max_length=MAX_URI, description="A GS1 Digital Link, EPC URN or other URI.")
]
Gtin = Annotated[str | None, QueryParameter(max_length=14, description="Instead of item, with lot or serial.")]
Lot = Annotated[str | None, QueryParameter(max_length=20)]
Serial = Annotated[str | None, QueryParameter(max_length=20)]
AsOf = Annotated[
    str | None, QueryParameter(name="asOf", max_length=_TIME, description="Only events recorded by then (RFC 3339).")
]
From = Annotated[str | None, QueryParameter(name="from", max_length=_TIME, description="Only events from then on.")]
To = Annotated[str | None, QueryParameter(name="to", max_length=_TIME, description="Only events before then.")]
Voided = Annotated[
    bool, QueryParameter(name="includeVoided", description="Also events that an error declaration voids.")
]
Depth = Annotated[int, QueryParameter(ge=1, le=MAX_DEPTH)]
MaxNodes = Annotated[int, QueryParameter(name="maxNodes", ge=1, le=MAX_NODES)]
_TEXT = {"type": "string"}
_CSV = {CSV: _TEXT}
_DOCUMENT = {event_document.MEDIA_TYPE: {"type": "object"}}


@dataclass(frozen=True, slots=True)
class TraceabilityServices:
    reader: TraceReader
    cursors: Cursors
    public_url: str


class RequestedBounds(NamedTuple):
    """`parameters` are those of the request, for the address of the next page."""

    bounds: Bounds
    parameters: dict[str, str | None]


def item_uri(item: Item = None, gtin: Gtin = None, lot: Lot = None, serial: Serial = None) -> str:
    """Raises InvalidRequest."""
    return read_uri(item, gtin, lot, serial)


def requested_bounds(
    as_of: AsOf = None, since: From = None, until: To = None, include_voided: Voided = False
) -> RequestedBounds:
    """Raises InvalidRequest."""
    parameters = {"asOf": as_of, "from": since, "to": until}
    if include_voided:
        parameters["includeVoided"] = "true"
    return RequestedBounds(read_bounds(as_of, since, until, include_voided=include_voided), parameters)


@get(
    "/traceability/graph",
    operation_id="readTraceabilityGraph",
    gives={**_CSV, **_DOCUMENT},
    **scope("traceability:read", GRAPHS),
)
async def graph(
    request: Request[Any, Any, Any],
    services: NamedDependency[TraceabilityServices],
    uri: NamedDependency[str],
    bounds: NamedDependency[RequestedBounds],
    direction: Annotated[Literal["upstream", "downstream", "both"], QueryParameter()] = "both",
    depth: Depth = DEFAULT_DEPTH,
    max_nodes: MaxNodes = DEFAULT_NODES,
) -> Response[Success[Graph]]:
    """What an item was made of (upstream), and what was made of it (downstream).

    With `Accept: text/csv` a row for each edge; with `application/ld+json` an EPCISQueryDocument of your events that
    the graph was derived from.
    """
    account_id = account_id_of(request.scope)
    directions: tuple[WalkDirection, ...] = DIRECTIONS if direction == "both" else (direction,)
    query = GraphQuery(uri, directions, WalkLimits(depth, max_nodes), bounds.bounds)
    accepted = accepted_type(request, CSV, event_document.MEDIA_TYPE)
    if accepted == event_document.MEDIA_TYPE:
        with long_answer(context_of(request.scope)) as answer:
            events = await read_graph_events(services.reader, account_id, query, answer)
        document = await asyncio.to_thread(event_document.event_document, events)
        written: Response[Any] = Response(document, media_type=event_document.MEDIA_TYPE)
        return written
    with long_answer(context_of(request.scope)) as answer:
        found = await read_graph(services.reader, account_id, query, answer)
    if accepted == CSV:
        return await csv_response(csv_tables.graph_table, found, "graph.csv")
    return Response(Success(data=found))


@get(
    "/traceability/items/events",
    operation_id="listItemEvents",
    response_headers=[LINK],
    gives=_CSV,
    **scope("traceability:read", GRAPHS),
)
async def events(
    request: Request[Any, Any, Any],
    services: NamedDependency[TraceabilityServices],
    uri: NamedDependency[str],
    bounds: NamedDependency[RequestedBounds],
    limit: Limit = DEFAULT_LIMIT,
    cursor: FromQuery[str | None] = None,
) -> Response[Page[TimelineEvent]]:
    """The events of an item, newest first.

    With those of its containers while it was in them.
    Events that partners share with you are listed with their owner, without locations. `Accept: text/csv` for a table.
    """
    account_id = account_id_of(request.scope)
    filters = {"list": "item events", "account": account_id, "item": uri, **bounds.bounds._asdict()}
    after = TimelinePlace._make(services.cursors.open(cursor, filters)) if cursor else None
    with long_answer(context_of(request.scope)) as answer:
        found, last = await read_timeline(
            services.reader, account_id, uri, bounds.bounds, answer, after=after, limit=limit
        )
    following = services.cursors.seal([*last], filters) if last else None
    address = f"{services.public_url}{PATH}/items/events"
    page = page_response(found, following, address, limit=limit, item=uri, **bounds.parameters)
    if accepted_type(request, CSV) == CSV:
        return await csv_response(csv_tables.timeline_table, found, "events.csv", page.headers)
    return page


@get("/traceability/items/status", operation_id="readItemStatus", **scope("traceability:read", GRAPHS))
async def status(
    request: Request[Any, Any, Any],
    services: NamedDependency[TraceabilityServices],
    uri: NamedDependency[str],
    as_of: AsOf = None,
    include_voided: Voided = False,
) -> Success[ItemStatus]:
    """Where an item is, its dispositions and its containers, by your own events."""
    bounds = read_bounds(as_of, None, None, include_voided=include_voided)
    with long_answer(context_of(request.scope)) as answer:
        return Success(data=await read_status(services.reader, account_id_of(request.scope), uri, bounds, answer))


@get(
    "/traceability/impact",
    operation_id="readImpact",
    gives=_CSV,
    **scope("traceability:read", GRAPHS),
)
async def impact(
    request: Request[Any, Any, Any],
    services: NamedDependency[TraceabilityServices],
    uri: NamedDependency[str],
    bounds: NamedDependency[RequestedBounds],
    depth: Depth = MAX_DEPTH,
    max_nodes: MaxNodes = MAX_NODES,
) -> Response[Success[Impact]]:
    """What a recall of an item concerns.

    All lots and serials made of it, the products, and who received them.
    Recipients are the destinations of your events about the items and about containers while the items were in them.
    `Accept: text/csv` for a table with a row for each item.
    """
    account_id, limits = account_id_of(request.scope), WalkLimits(depth, max_nodes)
    with long_answer(context_of(request.scope)) as answer:
        found = await read_impact(services.reader, account_id, uri, bounds.bounds, limits, answer)
    if accepted_type(request, CSV) == CSV:
        return await csv_response(csv_tables.impact_table, found, "impact.csv")
    return Response(Success(data=found))


def traceability_services(
    database: Database, server_key: bytes, count_reads: CountReads, cursors: Cursors, public_url: str
) -> TraceabilityServices:
    """Its reader is that of recalls and of the console, too."""
    return TraceabilityServices(TraceReader(database, pseudonymizer(server_key), count_reads), cursors, public_url)


def router(services: TraceabilityServices) -> Router:
    return Router(
        "/",
        tags=[TAG],
        route_handlers=[graph, events, status, impact],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "uri": Provide(item_uri, sync_to_thread=False),
            "bounds": Provide(requested_bounds, sync_to_thread=False),
        },
    )
