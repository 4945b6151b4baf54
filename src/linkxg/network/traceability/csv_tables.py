"""Graphs, timelines and impacts as CSV."""

from collections.abc import Iterable

from linkxg.http.csv_table import write_table
from linkxg.network.traceability.model import Graph, Impact, TimelineEvent

_GRAPH = (
    "from", "to", "kind", "eventId", "eventTime", "bizStep", "fromGtin", "fromLot", "fromSerial", "fromProduct",
    "toGtin", "toLot", "toSerial", "toProduct", "fromTombstone", "toTombstone",
)  # fmt: skip
_TIMELINE = (
    "eventTime", "recordTime", "eventId", "type", "action", "bizStep", "disposition", "readPoint", "bizLocation",
    "inheritedFrom", "voided", "owner",
)  # fmt: skip
_IMPACT = (
    "item",
    "gtin",
    "lot",
    "serial",
    "granularity",
    "depth",
    "productId",
    "recipients",
    "lastSentAt",
    "quantity",
    "unit",
    "claimedBy",
    "disposition",
    "place",
    "withConsumers",
)


def graph_table(graph: Graph) -> bytes:
    """A row for each edge; one for the root if there are none."""
    nodes = {node.id: node for node in graph.nodes}
    rows: list[list[object]] = []
    for edge in graph.edges:
        source, target = nodes[edge.from_], nodes[edge.to]
        rows.append([
            edge.from_, edge.to, edge.kind, edge.event_id, edge.event_time, edge.biz_step,
            source.gtin, source.lot, source.serial, source.product_name,
            target.gtin, target.lot, target.serial, target.product_name,
            *(node.tombstone.reason if node.tombstone else None for node in (source, target)),
        ])  # fmt: skip
    if not rows:
        root = nodes[graph.root]
        rows.append([root.id, *[None] * 5, root.gtin, root.lot, root.serial, root.product_name])
    return write_table(_GRAPH, rows)


def timeline_table(found: Iterable[TimelineEvent]) -> bytes:
    return write_table(
        _TIMELINE,
        (
            [
                one.event_time, one.record_time, one.event_id, one.type, one.action, one.biz_step, one.disposition,
                one.read_point, one.biz_location, one.inherited_from, "true" if one.voided else "false",
                one.owner.name if one.owner else None,
            ]
            for one in found
        ),
    )  # fmt: skip


def impact_table(impact: Impact) -> bytes:
    """A row for each item, with whom it was sent to; then those that partners claim."""
    sent: dict[str, list[tuple[str, str]]] = {}
    for party in impact.recipients:
        for item in party.items:
            sent.setdefault(item, []).append((party.partner.name if party.partner else party.party, party.last_sent_at))
    rows = []
    for one in impact.items:
        to = sent.get(one.id, [])
        rows.append([
            one.id, one.gtin, one.lot, one.serial, one.granularity, one.depth, one.product_id,
            "; ".join(name for name, _ in to), max((at for _, at in to), default=None),
            one.quantity.value if one.quantity else None, one.quantity.unit if one.quantity else None, None,
            one.disposition, one.place, _flag(one.with_consumers),
        ])  # fmt: skip
    rows += [
        [
            one.id,
            one.gtin,
            one.lot,
            one.serial,
            one.granularity,
            one.depth,
            *[None] * 5,
            one.claimed_by.name,
            *[None] * 3,
        ]
        for one in impact.claims
    ]
    return write_table(_IMPACT, rows)


def _flag(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"
