"""`/traceability`: what an item was made of and what was made of it, as a drawing, a table and files."""

import asyncio
from typing import Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import download, download_csv, redirect, render
from linkxg.console.partners import name_of
from linkxg.console.trace_query import DIRECTIONS, NODES, TraceQuery, most_nodes, read_trace_query, trace_reader
from linkxg.console.trace_view import item_address, view_trace
from linkxg.console.trace_words import EDGES
from linkxg.console.typed_item import EXAMPLE
from linkxg.errors import NotFound
from linkxg.http.long_answer import long_answer
from linkxg.http.pagination import Success
from linkxg.http.permissions import session_roles
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.network.connections.read_connections import read_connections
from linkxg.network.traceability import csv_tables, event_document
from linkxg.network.traceability.known_items import list_known_items
from linkxg.network.traceability.model import MAX_DEPTH, MAX_NODES, Graph
from linkxg.network.traceability.read_graph import read_graph, read_graph_events
from linkxg.network.traceability.read_query import UNKNOWN_ITEM

TRACEABILITY = "/traceability"
SUGGESTED = 20


@get(TRACEABILITY, **session_roles(EVERYONE))
async def trace(page: NamedDependency[PageRequest]) -> Response[str]:
    query = read_trace_query(page)
    if query.faults or not query.uri:
        known = await _suggestions(page, query)
        return _render(page, query, status=422 if query.faults else 200, known=known)
    reader = await trace_reader(page)
    try:
        with long_answer(page.context) as answer:
            graph = await read_graph(reader, page.account_id, query.graph_query(), answer)
    except NotFound:
        return _render(page, query._replace(faults=[("q", UNKNOWN_ITEM)]), status=404)
    partners = await _partner_names(page, graph)
    # A large graph takes long to draw.
    shown = await asyncio.to_thread(view_trace, graph, page.person.account_name, partners, may_ask=page.administers)
    return _render(page, query, graph=graph, shown=shown)


@get(f"{TRACEABILITY}/graph.json", **session_roles(EVERYONE))
async def as_json(page: NamedDependency[PageRequest]) -> Response[str]:
    query = read_trace_query(page)
    if not _names_item(query):
        return redirect(page, query.address(TRACEABILITY))
    graph = await _read(page, query)
    return download(page, msgspec.json.encode(Success(data=graph)).decode(), "application/json", "graph.json")


@get(f"{TRACEABILITY}/graph.csv", **session_roles(EVERYONE))
async def as_csv(page: NamedDependency[PageRequest]) -> Response[str]:
    query = read_trace_query(page)
    if not _names_item(query):
        return redirect(page, query.address(TRACEABILITY))
    graph = await _read(page, query)
    return await download_csv(page, csv_tables.graph_table, graph, "graph.csv")


@get(f"{TRACEABILITY}/graph.jsonld", **session_roles(EVERYONE))
async def as_json_ld(page: NamedDependency[PageRequest]) -> Response[str]:
    """The account's own events that the graph is derived from."""
    query = read_trace_query(page)
    if not _names_item(query):
        return redirect(page, query.address(TRACEABILITY))
    reader = await trace_reader(page)
    with long_answer(page.context) as answer:
        events = await read_graph_events(reader, page.account_id, most_nodes(query), answer)
    document = await asyncio.to_thread(event_document.event_document, events)
    return download(page, document.decode(), event_document.MEDIA_TYPE, "events.jsonld")


HANDLERS = (trace, as_json, as_csv, as_json_ld)


async def _read(page: PageRequest, query: TraceQuery) -> Graph:
    reader = await trace_reader(page)
    with long_answer(page.context) as answer:
        return await read_graph(reader, page.account_id, most_nodes(query), answer)


def _names_item(query: TraceQuery) -> bool:
    """Otherwise the page says what is wrong with it."""
    return bool(query.uri) and not query.faults


async def _partner_names(page: PageRequest, graph: Graph) -> dict[str, str]:
    """Of the partners who share no further, by connection."""
    ids = {node.tombstone.connection_id for node in graph.nodes if node.tombstone and node.tombstone.connection_id}
    return {one.id: name_of(one) for one in await read_connections(page.database, page.account_id, ids)}


async def _suggestions(page: PageRequest, query: TraceQuery) -> list[tuple[str, str]]:
    """(what may be meant, its address) for what names no single item."""
    if query.not_an_item is None:
        return []
    found = [(text, query.address(TRACEABILITY, q=text)) for text in query.not_an_item.choices]
    if query.not_an_item.gtin14 is not None:
        items = await list_known_items(page.database, page.account_id, query.not_an_item.gtin14, limit=SUGGESTED)
        for one in items:
            parts = [f"Lot {one.lot}" if one.lot else "", f"Serial {one.serial}" if one.serial else ""]
            found.append((" · ".join(part for part in parts if part), query.address(TRACEABILITY, q=one.uri)))
    return found


def _render(
    page: PageRequest,
    query: TraceQuery,
    *,
    status: int = 200,
    graph: Graph | None = None,
    known: list[tuple[str, str]] | None = None,
    **values: Any,
) -> Response[str]:
    return render(
        page,
        "trace.html",
        status=status,
        query=query,
        graph=graph,
        shown=values.get("shown"),
        known=known or [],
        directions={name: text for name, (text, _) in DIRECTIONS.items()},
        depths=range(1, MAX_DEPTH + 1),
        node_limits=NODES,
        most=MAX_NODES,
        edge_words=EDGES,
        example=EXAMPLE,
        item_address=item_address,
        path=TRACEABILITY,
        errors=FormErrors(query.faults),
    )
