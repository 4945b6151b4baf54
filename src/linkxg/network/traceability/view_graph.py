"""A found graph as the API answers it."""

from collections.abc import Callable, Collection

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.clock import LATEST_MS, rfc3339
from linkxg.network.epcis.documents.model import Level
from linkxg.network.traceability.describe_store import EventRow, ItemRow
from linkxg.network.traceability.find_graph import FoundGraph
from linkxg.network.traceability.model import (
    EdgeKind,
    Granularity,
    Graph,
    GraphEdge,
    GraphNode,
    GraphStats,
    Owner,
    Quantity,
    Tombstone,
)
from linkxg.network.traceability.tombstones import HiddenParty
from linkxg.network.traceability.walk_result import CutReason

GRANULARITIES: dict[int, Granularity] = {Level.INSTANCE: "SERIAL", Level.LOT: "LOT", Level.CLASS: "CLASS"}
Pseudonym = Callable[[HiddenParty, str], str]
_LIMITS = (CutReason.NODE_LIMIT, CutReason.DEPTH_LIMIT)


def view_graph(found: FoundGraph, as_of: int, pseudonym: Pseudonym) -> Graph:
    """Nodes by depth, then by identifier; `pseudonym` gives the id of what is hidden beyond a node."""
    items, walk = found.items, found.walk
    nodes = [_node(found, items[node], depth) for node, depth in walk.depths.items()]
    edges = [_edge(items[e.source], items[e.target], e.kind, found.events.get(e.event_id or 0)) for e in found.edges]
    for hidden in found.hidden:
        near = items[hidden.node].uri
        name = pseudonym(hidden, near)
        nodes.append(_hidden_node(hidden, name, walk.depths[hidden.node] + 1))
        first, last = (name, near) if hidden.direction == "upstream" else (near, name)
        edges.append(GraphEdge(from_=first, to=last, kind="HIDDEN", event_id=None, event_time=None, biz_step=None))
    nodes.sort(key=lambda node: (node.depth, node.id))
    return Graph(
        items[found.root].uri,
        rfc3339_as_of(as_of),
        nodes,
        edges,
        stats_of([node.depth for node in nodes], [edge.event_id for edge in edges]),
        walk.is_truncated,
    )


def rfc3339_as_of(as_of: int) -> str | None:
    return None if as_of == LATEST_MS else rfc3339(as_of)


def stats_of(depths: Collection[int], event_ids: Collection[int | str | None]) -> GraphStats:
    """Of nodes by their depths, and edges by their events."""
    return GraphStats(len(depths), len(event_ids), max(depths, default=0), len({*event_ids} - {None}))


def digital_link(uri: str) -> str | None:
    return uri if uri.startswith(f"{RESOLVER}/") else None


def _node(found: FoundGraph, row: ItemRow, depth: int) -> GraphNode:
    product = found.names.get(row.gtin14 or "")
    owner = found.owners.get(row.id)
    quantity = found.quantities.get(row.id)
    reasons = {cut.reason for cut in found.walk.cut.get(row.id, ())}
    limit = next((reason for reason in _LIMITS if reason in reasons), None)
    return GraphNode(
        id=row.uri,
        digital_link=digital_link(row.uri),
        gtin=row.gtin14,
        lot=row.lot,
        serial=row.serial,
        granularity=GRANULARITIES[row.level],
        depth=depth,
        product_id=product.id if product else None,
        product_name=product.name if product else None,
        owner=Owner(*owner) if owner else None,
        quantity=Quantity(*quantity) if quantity else None,
        redacted=False,
        tombstone=Tombstone(limit.value, requestable=False) if limit else None,
    )


def _hidden_node(hidden: HiddenParty, name: str, depth: int) -> GraphNode:
    reason = hidden.reason
    return GraphNode(
        id=name,
        digital_link=None,
        gtin=None,
        lot=None,
        serial=None,
        granularity=None,
        depth=depth,
        product_id=None,
        product_name=None,
        owner=None,
        quantity=None,
        redacted=True,
        tombstone=Tombstone(reason.value, reason == CutReason.NOT_SHARED, hidden.connection_id),
    )


def _edge(source: ItemRow, target: ItemRow, kind: EdgeKind, event: EventRow | None) -> GraphEdge:
    return GraphEdge(
        from_=source.uri,
        to=target.uri,
        kind=kind,
        event_id=event.event_id if event else None,
        event_time=rfc3339(event.event_time) if event else None,
        biz_step=event.biz_step if event else None,
    )
