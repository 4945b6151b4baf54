"""Finds the graph of an item: its genealogy, the containers around it, and what the answer shows of each."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.network.epcis.documents.model import Level
from linkxg.network.traceability import containment_store, describe_store
from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.describe_store import EventRow, ItemRow, ProductName
from linkxg.network.traceability.faces import Faces
from linkxg.network.traceability.partner_store import list_owners
from linkxg.network.traceability.tombstones import HiddenParty, find_hidden_parties
from linkxg.network.traceability.walk import walk_from
from linkxg.network.traceability.walk_result import ItemEdge, Walk, WalkLimits
from linkxg.network.traceability.walk_store import DIRECTIONS, WalkDirection

MAX_CONTAINED_ROWS = 20_000
"""Rows of aggregations that one answer reads."""
MAX_QUANTITY_ROWS = 20_000


class GraphQuery(NamedTuple):
    uri: str
    directions: tuple[WalkDirection, ...] = DIRECTIONS
    limits: WalkLimits = WalkLimits(5, 500)
    bounds: Bounds = Bounds()


class FoundGraph(NamedTuple):
    """Rows of the items, events, products and parties of a walk, by their ids."""

    root: int
    walk: Walk
    edges: list[ItemEdge]
    items: Mapping[int, ItemRow]
    events: Mapping[int, EventRow]
    names: Mapping[str, ProductName]
    quantities: Mapping[int, tuple[float, str | None]]
    owners: Mapping[int, tuple[str, str]]
    """Account and name of the partner, for items that only a partner knows."""
    hidden: list[HiddenParty]


def find_graph(conn: Connection, account_id: str, query: GraphQuery, now: int) -> FoundGraph | None:
    """None if no event of the account is about the item."""
    root = describe_store.find_item(conn, account_id, query.uri)
    if root is None:
        return None
    owners = list_owners(conn, account_id, now)
    faces = Faces(account_id, owners.names, now) if owners.names else None
    walk = walk_from(conn, account_id, root.id, root.level, query.directions, query.bounds, query.limits, faces)
    walk.mark_cuts()
    walk.is_cut_short = walk.is_cut_short or owners.are_cut
    contained = _add_containment(conn, account_id, walk, _own_items(walk, faces))
    edges = list(dict.fromkeys(walk.edges))
    if faces is None:
        items = {row.id: row for row in describe_store.list_items(conn, account_id, walk.depths)}
    else:
        faces.learn(conn, account_id, contained)
        items = {node: faces.rows[node] for node in walk.depths}
    events = _list_events(conn, account_id, faces, edges)
    gtins = {row.gtin14 for row in items.values() if row.gtin14 is not None}
    own = _own_items(walk, faces)
    lots = {item_id: node for node, item_id in own.items() if items[node].level == Level.LOT}
    quantities = list_lot_quantities(conn, account_id, lots, query.bounds)
    if quantities is None:
        walk.is_cut_short = True
    return FoundGraph(
        root.id,
        walk,
        edges,
        items,
        events,
        describe_store.list_product_names(conn, account_id, gtins) if gtins else {},
        quantities or {},
        {} if faces is None else _owners_of(faces, items.keys() - own.keys()),
        find_hidden_parties(conn, account_id, walk, faces, items),
    )


def _own_items(walk: Walk, faces: Faces | None) -> dict[int, int]:
    return {node: node for node in walk.depths} if faces is None else faces.own_items(walk.depths)


def _add_containment(conn: Connection, account_id: str, walk: Walk, own: Mapping[int, int]) -> list[int]:
    """Containers of the nodes, and contents of those that are containers; they are shown, not expanded."""
    depths = [item_id for node, item_id in own.items() if walk.depths[node] < walk.limits.depth]
    rows = min(MAX_CONTAINED_ROWS, max(walk.rows_left, 1))
    args = (conn, account_id, depths, walk.bounds)
    inside = containment_store.list_containers(*args, rows=rows)
    outside = containment_store.list_contents(*args, rows=rows)
    if max(len(inside), len(outside)) >= rows:
        walk.is_cut_short = True
    pairs = [(row.item_id, row.other_id, row.item_id, row) for row in inside if row.action != "DELETE"]
    pairs += [(row.other_id, row.item_id, row.item_id, row) for row in outside if row.action != "DELETE"]
    if walk.faces is not None:
        walk.faces.learn(conn, account_id, {one for content, container, _, _ in pairs for one in (content, container)})
    found = []
    for content, container, near, row in pairs:
        content, container, near = (walk.node_of(one) for one in (content, container, near))
        other = container if near == content else content
        is_new = other not in walk.depths
        if not walk.find(other, walk.depths[near] + 1):
            walk.is_cut_short = True
            continue
        if is_new:
            found.append(other)
        walk.join(content, container, "CONTAINED", row.event_id, is_new=is_new)
    return found


def _list_events(
    conn: Connection, account_id: str, faces: Faces | None, edges: Iterable[ItemEdge]
) -> dict[int, EventRow]:
    ids = {edge.event_id for edge in edges if edge.event_id is not None}
    found = {row.id: row for row in describe_store.list_events(conn, account_id, ids)} if ids else {}
    for owner_id in faces.entered if faces is not None else ():
        if missing := ids - found.keys():
            found.update((row.id, row) for row in describe_store.list_events(conn, owner_id, missing))
    return found


def list_lot_quantities(
    conn: Connection, account_id: str, lots: Mapping[int, int], bounds: Bounds
) -> dict[int, tuple[float, str | None]] | None:
    """How much of each lot, by node, was made; nothing for one whose quantities have several units.

    None if there are too many to add up.
    """
    if not lots:
        return {}
    rows = describe_store.list_quantities(conn, account_id, lots, bounds, rows=MAX_QUANTITY_ROWS)
    if len(rows) >= MAX_QUANTITY_ROWS:
        return None
    found: dict[int, dict[str | None, float]] = {}
    for item_id, _, quantity, unit in rows:
        sums = found.setdefault(lots[item_id], {})
        sums[unit] = sums.get(unit, 0.0) + quantity
    one = {item_id: next(iter(sums.items())) for item_id, sums in found.items() if len(sums) == 1}
    return {item_id: (value, unit) for item_id, (unit, value) in one.items()}


def _owners_of(faces: Faces, nodes: Iterable[int]) -> dict[int, tuple[str, str]]:
    accounts = ((node, faces.account_of[node]) for node in nodes)
    return {node: (owner_id, faces.owners[owner_id]) for node, owner_id in accounts}
