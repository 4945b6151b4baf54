"""Reads what a recall of an item concerns: everything made of it, whose products these are, and who received them."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import now_ms, rfc3339
from linkxg.http.long_answer import LongAnswer
from linkxg.network.epcis.documents.model import Level
from linkxg.network.traceability import party_store
from linkxg.network.traceability.bounds_model import EARLIEST_MS, Bounds
from linkxg.network.traceability.containment import list_stays
from linkxg.network.traceability.find_graph import FoundGraph, GraphQuery, find_graph
from linkxg.network.traceability.model import (
    AffectedItem,
    AffectedProduct,
    GraphStats,
    Impact,
    Owner,
    Quantity,
    Recipient,
)
from linkxg.network.traceability.party_store import ConnectionRow, PartyRow
from linkxg.network.traceability.read_graph import TraceReader, count_partner_reads, is_still_shared, read_settled
from linkxg.network.traceability.tombstones import MAX_PARTY_ROWS, connections_by_gln, gln_of
from linkxg.network.traceability.view_graph import GRANULARITIES, rfc3339_as_of
from linkxg.network.traceability.walk_result import WalkLimits

MAX_RECIPIENT_ITEMS = 20_000
"""Items that the recipients of an answer have together."""


class _FoundImpact(NamedTuple):
    graph: FoundGraph
    sent: list[tuple[int, PartyRow]]
    """(affected node, a destination of it or of its container)."""
    connections: list[ConnectionRow]
    own_gln: str | None
    is_complete: bool


async def read_impact(
    reader: TraceReader,
    account_id: str,
    uri: str,
    bounds: Bounds,
    limits: WalkLimits,
    answer: LongAnswer | None = None,
) -> Impact:
    """Raises NotFound, and the errors of `read_settled`."""

    def unit(conn: Connection) -> _FoundImpact | None:
        return _find(conn, account_id, uri, bounds, limits)

    found = await read_settled(reader, answer, lambda conn, one, now: is_still_shared(conn, one.graph, now), unit)
    graph = found.graph
    count_partner_reads(reader, account_id, graph)
    recipients, is_whole = _recipients(found)
    items = [_item(graph, node) for node in _genealogy(graph)]
    items.sort(key=lambda item: (item.depth, item.id))
    events = {edge.event_id for edge in graph.edges if edge.event_id is not None and edge.kind != "CONTAINED"}
    edges = sum(edge.kind != "CONTAINED" for edge in graph.edges)
    return Impact(
        graph.items[graph.root].uri,
        rfc3339_as_of(bounds.as_of),
        items,
        _products(graph),
        recipients,
        GraphStats(len(items), edges, max((item.depth for item in items), default=0), len(events)),
        graph.walk.is_truncated or not found.is_complete or not is_whole,
    )


def _find(conn: Connection, account_id: str, uri: str, bounds: Bounds, limits: WalkLimits) -> _FoundImpact | None:
    graph = find_graph(conn, account_id, GraphQuery(uri, ("downstream",), limits, bounds), now_ms())
    if graph is None:
        return None
    nodes = {graph.own[node]: node for node in _genealogy(graph) if node in graph.own}
    items = list(nodes)
    stays = list_stays(conn, account_id, items, bounds)
    wanted = {*items, *(stay.container_id for stay in stays.found)}
    args = (conn, account_id, "downstream", wanted, bounds._replace(since=EARLIEST_MS))
    parties = party_store.list_parties(*args, rows=MAX_PARTY_ROWS)  # type: ignore[arg-type]
    by_item: dict[int, list[PartyRow]] = {}
    for row in parties:
        by_item.setdefault(row.item_id, []).append(row)
    sent = [(node, row) for item_id, node in nodes.items() for row in by_item.get(item_id, ())]
    sent += [
        (nodes[stay.origin], row)
        for stay in stays.found
        for row in by_item.get(stay.container_id, ())
        if stay.since <= row.event_time <= stay.until
    ]
    is_complete = stays.is_complete and len(parties) < MAX_PARTY_ROWS
    connections = party_store.list_connections(conn, account_id)
    return _FoundImpact(graph, sent, connections, party_store.find_gln(conn, account_id), is_complete)


def _genealogy(graph: FoundGraph) -> list[int]:
    """Containers and other contents of containers are shown in graphs, but are not affected."""
    shown = {graph.root}
    for edge in graph.edges:
        if edge.kind != "CONTAINED":
            shown |= {edge.source, edge.target}
    return [node for node in graph.walk.depths if node in shown]


def _item(graph: FoundGraph, node: int) -> AffectedItem:
    row = graph.items[node]
    product = graph.names.get(row.gtin14 or "")
    return AffectedItem(
        row.uri,
        row.gtin14,
        row.lot,
        row.serial,
        GRANULARITIES[row.level],
        graph.walk.depths[node],
        product.id if product else None,
        _quantity(graph, node),
    )


def _quantity(graph: FoundGraph, node: int) -> Quantity | None:
    found = graph.quantities.get(node)
    return Quantity(*found) if found else None


def _products(graph: FoundGraph) -> list[AffectedProduct]:
    counts: dict[str, list[int]] = {}
    quantities: dict[str, list[Quantity | None]] = {}
    for node in _genealogy(graph):
        row = graph.items[node]
        if row.gtin14 is not None:
            count = counts.setdefault(row.gtin14, [0, 0])
            if row.level != Level.CLASS:
                count[row.level == Level.INSTANCE] += 1
            quantities.setdefault(row.gtin14, []).append(_quantity(graph, node))
    names = graph.names
    return [
        AffectedProduct(
            gtin,
            names[gtin].id if gtin in names else None,
            names[gtin].name if gtin in names else None,
            lots,
            serials,
            sum_quantities(quantities[gtin]),
        )
        for gtin, (lots, serials) in sorted(counts.items())
    ]


def sum_quantities(quantities: Iterable[Quantity | None]) -> Quantity | None:
    """None if there are none, or several units."""
    sums: dict[str | None, float] = {}
    for one in quantities:
        if one is not None:
            sums[one.unit] = sums.get(one.unit, 0.0) + one.value
    return next((Quantity(value, unit) for unit, value in sums.items()), None) if len(sums) == 1 else None


def _recipients(found: _FoundImpact) -> tuple[list[Recipient], bool]:
    """Parties in the order of their URIs, and whether all of their items are listed."""
    partners = connections_by_gln(found.connections)
    by_party: dict[str, dict[str, int]] = {}
    latest: dict[str, int] = {}
    for node, row in found.sent:
        gln = gln_of(row.party)
        if gln is not None and gln == found.own_gln:
            continue
        uri = found.graph.items[node].uri
        by_party.setdefault(row.party, {})[uri] = 1
        latest[row.party] = max(row.event_time, latest.get(row.party, EARLIEST_MS))
    recipients, left = [], MAX_RECIPIENT_ITEMS
    for party, items in sorted(by_party.items()):
        partner = partners.known.get(gln_of(party) or "")
        if partner is not None and partner.status != "ACTIVE":
            partner = None
        recipients.append(
            Recipient(
                party,
                gln_of(party),
                partner.id if partner else None,
                Owner(partner.partner_id, partner.name) if partner else None,
                sorted(items)[: max(left, 0)],
                rfc3339(latest[party]),
                gln_of(party) in partners.contested,
            )
        )
        left -= len(items)
    return recipients, left >= 0
