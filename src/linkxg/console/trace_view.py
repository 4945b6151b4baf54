"""A graph of traceability as its page shows it: a drawing, and a table with the same content."""

import itertools
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from linkxg.catalog.identifiers.digital_link import RESOLVER, read_digital_link
from linkxg.console.event_words import lower_words, quantity_text
from linkxg.console.graph_layout import NODE_HEIGHT, NODE_WIDTH, Layout, Point, lay_out
from linkxg.console.trace_words import EXPLANATIONS, REASONS
from linkxg.network.traceability.model import EdgeKind, Graph, GraphEdge, GraphNode

SHOWN_SOURCES = 12
_MAX_LABELS = 2
_LONGEST_LABEL = 16
ITEM_PAGE = "/traceability/item"


class TraceEvent(NamedTuple):
    """One way in which an item came from others; `more` counts sources that are not listed."""

    kind: EdgeKind
    sources: list["ShownNode"]
    more: int
    at: str | None
    step: str


class ShownNode(NamedTuple):
    """`node.tombstone` says why the graph ends here; `near` is the item before what is hidden."""

    node: GraphNode
    title: str
    subtitle: str
    company: str
    amount: str
    href: str
    reason: str
    explanation: str
    ask: str
    ask_whom: str
    kind: str
    corner: Point
    level: int
    """The column, from that of the searched item."""
    row: str = ""
    """The id of its row in the table."""

    @property
    def label(self) -> str:
        """What the drawing says to a screen reader."""
        return ", ".join(part for part in (self.title, self.subtitle, self.company, self.amount, self.reason) if part)


class ShownEdge(NamedTuple):
    path: str
    kind: EdgeKind
    title: str


class DrawingLabel(NamedTuple):
    x: float
    y: float
    text: str


class ShownGraph(NamedTuple):
    width: float
    height: float
    nodes: list[ShownNode]
    edges: list[ShownEdge]
    labels: list[DrawingLabel]
    events: Mapping[str, list[TraceEvent]]
    """How each item came into being, by its id."""


def item_address(uri: str) -> str:
    return f"{ITEM_PAGE}?item={quote(uri, safe='/:')}"


def view_trace(graph: Graph, own_name: str, partners: Mapping[str, str], *, may_ask: bool) -> ShownGraph:
    """`partners` are names by connection; `may_ask` whether the reader may send requests."""
    layout = lay_out(graph.root, [node.id for node in graph.nodes], ((edge.from_, edge.to) for edge in graph.edges))
    near = _nearest(graph)
    nodes = {
        node.id: _node(node, graph.root, layout, own_name, partners, near.get(node.id, ""), may_ask=may_ask)._replace(
            row=f"n{number}"
        )
        for number, node in enumerate(graph.nodes)
    }
    events = _events(graph, nodes)
    return ShownGraph(
        layout.width,
        layout.height,
        [nodes[node.id] for node in graph.nodes],
        _edges(graph, layout),
        _labels(events, layout),
        events,
    )


def title_of(node: GraphNode) -> str:
    """The product's name, else its GTIN, else what kind of key identifies it."""
    return node.product_name or (f"GTIN {node.gtin}" if node.gtin else _kind_and_value(node.id)[0])


def _kind_and_value(uri: str) -> tuple[str, str]:
    """What an identifier without a GTIN names, and its value; a URI that is nobody's key is shown once."""
    if not uri.startswith(f"{RESOLVER}/"):
        return uri, ""
    key, value, qualifiers = read_digital_link(uri)
    kind = "Logistic unit" if key.ai == "00" else key.name
    return kind, " ".join([value, *(f"({ai}) {text}" for ai, text in qualifiers)])


def _node(
    node: GraphNode, root: str, layout: Layout, own_name: str, partners: Mapping[str, str], near: str, *, may_ask: bool
) -> ShownNode:
    reason = node.tombstone.reason if node.tombstone else None
    corner, level = layout.nodes[node.id], layout.columns[node.id]
    words = (REASONS[reason], EXPLANATIONS[reason]) if reason else ("", "")
    if node.redacted and node.tombstone:
        connection = node.tombstone.connection_id or ""
        whom = partners.get(connection, "")
        query = urlencode({"type": "TRACE", "subject": near})
        ask = f"/partners/{connection}/ask?{query}" if may_ask and node.tombstone.requestable and connection else ""
        asked = (whom or "the partner") if node.tombstone.requestable else ""
        return ShownNode(
            node, "Hidden", words[0], whom, "", ask, "", words[1], ask, asked, "hidden", corner, level
        )  # fmt: skip
    kind = {"SERIAL": "serial", "LOT": "lot", "CLASS": "class"}[node.granularity or "SERIAL"]
    company = node.owner.name if node.owner else own_name
    return ShownNode(
        node,
        title_of(node),
        _subtitle(node),
        company,
        quantity_text(node.quantity.value, node.quantity.unit) if node.quantity else "",
        item_address(node.id),
        *words,
        "",
        "",
        f"{kind}{' root' if node.id == root else ''}{' theirs' if node.owner else ''}",
        corner,
        level,
    )


def _step(edge: GraphEdge) -> str:
    """What happened, short enough for the drawing; empty where no event says so."""
    return lower_words(edge.biz_step) if edge.biz_step else ""


def _subtitle(node: GraphNode) -> str:
    parts = [f"Lot {node.lot}" if node.lot else "", f"Serial {node.serial}" if node.serial else ""]
    if not any(parts):
        parts = ["All of this product" if node.granularity == "CLASS" else _kind_and_value(node.id)[1]]
    return " · ".join(part for part in parts if part)


def _nearest(graph: Graph) -> dict[str, str]:
    """The item beside each hidden node: a request is about it."""
    found = {}
    for edge in graph.edges:
        if edge.kind == "HIDDEN":
            found[edge.to] = edge.from_
            found[edge.from_] = edge.to
    return found


def _events(graph: Graph, nodes: Mapping[str, ShownNode]) -> dict[str, list[TraceEvent]]:
    grouped: dict[tuple[str, EdgeKind, str | None], list[GraphEdge]] = {}
    for edge in graph.edges:
        grouped.setdefault((edge.to, edge.kind, edge.event_id), []).append(edge)
    found: dict[str, list[TraceEvent]] = {}
    for (target, kind, _), edges in grouped.items():
        sources = list(dict.fromkeys(edge.from_ for edge in edges))
        shown = [nodes[source] for source in sources[:SHOWN_SOURCES]]
        first = edges[0]
        event = TraceEvent(kind, shown, len(sources) - len(shown), first.event_time, _step(first))
        found.setdefault(target, []).append(event)
    return found


def _edges(graph: Graph, layout: Layout) -> list[ShownEdge]:
    joined: dict[tuple[str, str], list[GraphEdge]] = {}
    for edge in graph.edges:
        joined.setdefault((edge.from_, edge.to), []).append(edge)
    found = []
    for (source, target), edges in joined.items():
        if (source, target) not in layout.paths:
            continue
        happened = [" ".join(part for part in (_step(edge), (edge.event_time or "")[:10]) if part) for edge in edges]
        title = "; ".join(one for one in dict.fromkeys(happened) if one)
        found.append(ShownEdge(_path(layout.paths[source, target]), edges[0].kind, title))
    return found


def _path(points: list[Point]) -> str:
    """Curves that leave and reach each node horizontally, and straight lines past other nodes."""
    parts = [f"M{points[0].x:g} {points[0].y:g}"]
    for number, (one, other) in enumerate(itertools.pairwise(points)):
        if number % 2:
            parts.append(f"L{other.x:g} {other.y:g}")
            continue
        bend = (other.x - one.x) / 2 if other.x > one.x else NODE_WIDTH / 2
        parts.append(f"C{one.x + bend:g} {one.y:g} {other.x - bend:g} {other.y:g} {other.x:g} {other.y:g}")
    return "".join(parts)


def _labels(events: Mapping[str, list[TraceEvent]], layout: Layout) -> list[DrawingLabel]:
    """Before each item what happened, as far as there is room."""
    found = []
    for target, of_target in events.items():
        corner = layout.nodes[target]
        steps = [event.step for event in of_target if event.kind != "HIDDEN"]
        texts = [step for step in dict.fromkeys(steps) if step][:_MAX_LABELS]
        for number, text in enumerate(texts):
            clipped = text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"
            found.append(DrawingLabel(corner.x - 10, corner.y + NODE_HEIGHT / 2 - 6 - 14 * number, clipped))
    return found
