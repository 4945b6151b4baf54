"""Breadth-first search over the incidence of events and items, level by level.

Each item is expanded once, at its shortest depth, so cycles end. Genealogy alone is walked: what was made of what, what
is a part of what, and which serial is of which lot. Classes are found but not expanded, for that would join unrelated
lots.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection

from linkxg.network.epcis.documents.model import Level, Role
from linkxg.network.traceability import lot_store, walk_store
from linkxg.network.traceability.bounds import Bounds
from linkxg.network.traceability.faces import Faces
from linkxg.network.traceability.walk_store import Direction, Step, WalkEvent

EdgeKind = Literal["TRANSFORMED", "CONTAINED", "PART_OF", "OF_LOT", "HIDDEN"]
MAX_ROWS = 200_000
"""Rows of events and items that one walk reads."""
EDGES_PER_NODE = 4
"""Edges of an answer per node of its limit; an event of many inputs and outputs has one for each pair."""
_KIND: dict[int, EdgeKind] = {Role.INPUT: "TRANSFORMED", Role.OUTPUT: "TRANSFORMED"}


class Reason(StrEnum):
    """Why a graph does not go on at an item."""

    NOT_CONNECTED = "NOT_CONNECTED"
    REVOKED = "REVOKED"
    NOT_SHARED = "NOT_SHARED"
    DEPTH_LIMIT = "DEPTH_LIMIT"
    NODE_LIMIT = "NODE_LIMIT"


class Edge(NamedTuple):
    """From what was first to what it became; the event is None where the identifier of a serial contains its lot."""

    source: int
    target: int
    kind: EdgeKind
    event_id: int | None


class Limits(NamedTuple):
    depth: int
    nodes: int


class Cut(NamedTuple):
    """An item from which the search could go on in a direction, were it not for the reason."""

    direction: Direction
    reason: Reason
    account_id: str


class Walk:
    """What the ways from one item have found: `depths` of items, `edges`, and the items where they were `cut`."""

    def __init__(self, conn: Connection, bounds: Bounds, limits: Limits, faces: Faces | None = None) -> None:
        self.conn, self.bounds, self.limits, self.faces = conn, bounds, limits, faces
        self.depths: dict[int, int] = {}
        self.edges: list[Edge] = []
        self.cut: dict[int, list[Cut]] = {}
        self.ends: dict[Direction, set[int]] = {}
        """Own items that no event leads on from."""
        self.ways: list[Way] = []
        self.rows_left = MAX_ROWS
        self.is_cut_short = False
        """Whether edges or rows were left out without an item that says so."""

    @property
    def is_full(self) -> bool:
        return len(self.depths) >= self.limits.nodes or self.rows_left <= 0

    @property
    def is_truncated(self) -> bool:
        limited = (Reason.DEPTH_LIMIT, Reason.NODE_LIMIT)
        return self.is_cut_short or any(cut.reason in limited for cuts in self.cut.values() for cut in cuts)

    def mark_cuts(self) -> None:
        """Find out where the search could go on; the last step of a walk."""
        for way in self.ways:
            way.mark_cut()

    def node_of(self, item_id: int) -> int:
        """Items of several accounts with one identifier are one node."""
        return item_id if self.faces is None else self.faces.node_of(item_id)

    def find(self, node: int, depth: int) -> bool:
        """Whether the node is in the graph, now or already."""
        if node in self.depths:
            return True
        if self.is_full:
            return False
        self.depths[node] = depth
        return True

    def join(self, source: int, target: int, kind: EdgeKind, event_id: int | None, *, is_new: bool) -> None:
        """Add an edge; beyond the bound, only one by which a node was found."""
        if is_new or len(self.edges) < self.limits.nodes * EDGES_PER_NODE:
            self.edges.append(Edge(source, target, kind, event_id))
        else:
            self.is_cut_short = True

    def mark(self, node: int, cut: Cut) -> None:
        cuts = self.cut.setdefault(node, [])
        if cut not in cuts:
            cuts.append(cut)

    def count(self, rows: int) -> None:
        """Count rows that were read."""
        self.rows_left -= rows
        if self.rows_left <= 0:
            self.is_cut_short = True


class Way:
    """The search in one direction over the events of one account.

    For a partner's account, `tiers` is how far the search may go on from each of its items.
    """

    def __init__(self, walk: Walk, direction: Direction, account_id: str, *, is_own: bool) -> None:
        self._walk, self._direction, self.account_id, self._is_own = walk, direction, account_id, is_own
        self._depth = 0
        self._visited: set[int] = set()
        self._tiers: dict[int, int] = {}
        self._serials: list[int] = []
        self._lots: list[int] = []
        self.found: list[int] = []
        """The nodes that the last step has added to the graph."""
        self._profile = walk_store.read_profile(walk.conn, account_id, walk.bounds)

    @property
    def frontier(self) -> list[int]:
        return self._serials + self._lots

    def add(self, item_id: int, level: int, tiers: int = 0) -> None:
        """Expand the item in the next step, unless it was, or it is of a class, or it is not shared any further."""
        if self._is_own:
            if item_id in self._visited:
                return
        else:
            if tiers <= self._tiers.get(item_id, -1):
                return
            self._tiers[item_id] = tiers
            if tiers == 0:
                return
        self._visited.add(item_id)
        if level == Level.LOT:
            self._lots.append(item_id)
        elif level == Level.INSTANCE:
            self._serials.append(item_id)

    def step(self, depth: int) -> None:
        """Expand the items of one level; what they lead to has this depth."""
        serials, lots, self._serials, self._lots, self.found = self._serials, self._lots, [], [], []
        self._depth = depth
        if self._profile.is_plain and self._walk.faces is None:
            args = (self._walk.conn, self.account_id, self._direction, serials + lots, self._profile)
            steps = walk_store.list_steps(*args, rows=self._rows)
            if steps is not None:
                self._cross_plain(serials + lots, steps)
                return
        self._join_lots(serials, lots)
        near = self._near(serials + lots, lots)
        if self._is_own:
            self._note_ends(serials + lots, near)
        if near:
            self._cross(near)

    def _cross_plain(self, frontier: list[int], steps: list[Step]) -> None:
        """As `_cross`, for an account of transformations alone, in one loop: most walks have many steps."""
        walk, depth, is_up = self._walk, self._depth, self._direction == "upstream"
        walk.count(len(steps))
        if self._is_own:
            expanded = {step[0] for step in steps}
            walk.ends.setdefault(self._direction, set()).update(one for one in frontier if one not in expanded)
        depths, edges, visited, lots = walk.depths, walk.edges, self._visited, self._lots
        nodes, classes = walk.limits.nodes, self._profile.classes or ()
        most = nodes * EDGES_PER_NODE
        for item_id, event_id, other in steps:
            is_new = other not in depths
            if is_new:
                if len(depths) >= nodes:
                    walk.mark(item_id, Cut(self._direction, Reason.NODE_LIMIT, self.account_id))
                    continue
                depths[other] = depth
            if other not in visited:
                visited.add(other)
                if other not in classes:
                    lots.append(other)
            if is_new or len(edges) < most:
                source, target = (other, item_id) if is_up else (item_id, other)
                edges.append(Edge(source, target, "TRANSFORMED", event_id))
            else:
                walk.is_cut_short = True

    def mark_cut(self) -> None:
        """Where the search could go on, but for the limits or the tiers of the share."""
        reason = Reason.NODE_LIMIT if self._walk.is_full else Reason.DEPTH_LIMIT
        self._mark(self.frontier, reason)
        self._mark([item_id for item_id, tiers in self._tiers.items() if tiers == 0], Reason.NOT_SHARED)

    def _mark(self, item_ids: list[int], reason: Reason) -> None:
        walk = self._walk
        if item_ids:
            args = (walk.conn, self.account_id, self._direction, item_ids, walk.bounds, self._profile)
            for item_id in walk_store.list_expandable(*args):
                walk.mark(walk.node_of(item_id), Cut(self._direction, reason, self.account_id))

    def _note_ends(self, frontier: list[int], near: list[WalkEvent]) -> None:
        expanded = {row[0] for row in near}
        ends = self._walk.ends.setdefault(self._direction, set())
        ends.update(item_id for item_id in frontier if item_id not in expanded)

    def _options(self) -> dict[str, Any]:
        return {"by_event": self._profile.has_lot_numbers, "rows": self._rows}

    @property
    def _rows(self) -> int:
        return max(self._walk.rows_left, 1)

    def _near(self, frontier: list[int], lots: list[int]) -> list[WalkEvent]:
        walk = self._walk
        args = (walk.conn, self.account_id, self._direction)
        near = walk_store.list_events_of_items(*args, frontier, walk.bounds, self._profile, rows=self._rows)
        if self._profile.has_lot_numbers and lots and self._direction == "upstream":
            near += lot_store.list_makers_of_lots(walk.conn, self.account_id, lots, walk.bounds, rows=self._rows)
        walk.count(len(near))
        return near

    def _cross(self, near: list[WalkEvent]) -> None:
        """From the items of the level by their events to the items on the other side."""
        walk = self._walk
        group_of: dict[int, int | str] = {event_id: name or event_id for _, _, event_id, name in near}
        if names := {name for _, _, _, name in near if name is not None}:
            # Events with one transformationID are one transformation.
            others = walk_store.list_transformation_events(
                walk.conn, self.account_id, names, walk.bounds, rows=self._rows
            )
            walk.count(len(others))
            group_of.update(others)
        args = (walk.conn, self.account_id, self._direction, group_of, self._profile)
        rows = walk_store.list_neighbours(*args, rows=self._rows)
        walk.count(len(rows))
        far: dict[int | str, dict[int, int]] = {}
        for event_id, item_id, level in rows:
            far.setdefault(group_of[event_id], {})[item_id] = level
        if self._direction == "downstream" and self._profile.joins_lots:
            self._add_lots_made(far, group_of)
        if walk.faces is not None:
            walk.faces.learn(walk.conn, self.account_id, {item_id for items in far.values() for item_id in items})
        none: dict[int, int] = {}
        for item_id, role, event_id, _ in dict.fromkeys(near):
            kind = _KIND.get(role, "PART_OF")
            for other, level in far.get(group_of[event_id], none).items():
                self._reach(item_id, other, level, kind, event_id)

    def _reach(self, item_id: int, other: int, level: int, kind: EdgeKind, event_id: int | None) -> None:
        walk = self._walk
        near, far = (item_id, other) if walk.faces is None else (walk.node_of(item_id), walk.node_of(other))
        is_new = far not in walk.depths
        if is_new:
            if not walk.find(far, self._depth):
                walk.mark(near, Cut(self._direction, Reason.NODE_LIMIT, self.account_id))
                return
            self.found.append(far)
        self.add(other, level, 0 if self._is_own else self._tiers[item_id] - 1)
        if self._direction == "upstream":
            walk.join(far, near, kind, event_id, is_new=is_new)
        else:
            walk.join(near, far, kind, event_id, is_new=is_new)

    def _join_lots(self, serials: list[int], lots: list[int]) -> None:
        """Upstream from serials to their lots, downstream from lots to their serials."""
        walk = self._walk
        args = (walk.conn, self.account_id)
        if not self._profile.joins_lots:
            return
        if self._direction == "upstream" and serials:
            rows, level = lot_store.list_lots_of_serials(*args, serials, walk.bounds, **self._options()), Level.LOT
        elif self._direction == "downstream" and lots:
            rows, level = lot_store.list_serials_of_lots(*args, lots, walk.bounds, **self._options()), Level.INSTANCE
        else:
            return
        walk.count(len(rows))
        if walk.faces is not None:
            walk.faces.learn(walk.conn, self.account_id, {other for _, other, _ in rows})
        for item_id, other, event_id in rows:
            self._reach(item_id, other, level, "OF_LOT", event_id)

    def _add_lots_made(self, far: dict[int | str, dict[int, int]], group_of: dict[int, int | str]) -> None:
        """What made a serial made its lot."""
        walk = self._walk
        serials = {item for items in far.values() for item, level in items.items() if level == Level.INSTANCE}
        if not serials:
            return
        args = (walk.conn, self.account_id)
        found = lot_store.list_lots_of_serials(*args, serials, walk.bounds, **self._options())
        walk.count(len(found))
        lots_of: dict[int, list[tuple[int, int | None]]] = {}
        for serial, lot, event_id in found:
            lots_of.setdefault(serial, []).append((lot, event_id))
        for group, others in far.items():
            for serial in [one for one in others if one in lots_of]:
                for lot, event_id in lots_of[serial]:
                    if event_id is None or group_of.get(event_id) == group:
                        others[lot] = Level.LOT


def walk_from(
    conn: Connection,
    account_id: str,
    root: int,
    level: int,
    directions: Iterable[Direction],
    bounds: Bounds,
    limits: Limits,
    faces: Faces | None = None,
) -> Walk:
    """The genealogy of an item of an account, with `faces` also in the events that partners share."""
    walk = Walk(conn, bounds, limits, faces)
    if faces is not None:
        faces.learn(conn, account_id, [root])
    walk.find(root, 0)
    ways: dict[Direction, dict[str, Way]] = {}
    for direction in directions:
        ways[direction] = {account_id: Way(walk, direction, account_id, is_own=True)}
        ways[direction][account_id].add(root, level)
        _enter(walk, ways[direction], direction, account_id, [root])
    for depth in range(1, limits.depth + 1):
        # In turn, so that the limit of nodes cuts no direction alone.
        for direction, by_account in ways.items():
            running = [way for way in by_account.values() if way.frontier]
            for way in running:
                if not walk.is_full:
                    way.step(depth)
            _enter(walk, by_account, direction, account_id, [node for way in running for node in way.found])
    walk.ways = [way for by_account in ways.values() for way in by_account.values()]
    return walk


def _enter(walk: Walk, ways: dict[str, Way], direction: Direction, own_id: str, nodes: list[int]) -> None:
    """Go on from these nodes in the events of other accounts, too."""
    if walk.faces is None or not nodes:
        return
    for face in walk.faces.list_faces(walk.conn, nodes):
        if face.account_id not in ways:
            ways[face.account_id] = Way(walk, direction, face.account_id, is_own=False)
        ways[face.account_id].add(face.item_id, face.level, face.tiers)
