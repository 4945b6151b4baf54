"""What a walk has found so far: nodes with their depths, edges, and where it was cut."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.faces import Faces
from linkxg.network.traceability.model import EdgeKind
from linkxg.network.traceability.walk_store import Step, WalkDirection

MAX_ROWS = 200_000
"""Rows of events and items that one walk reads."""
EDGES_PER_NODE = 4
"""Edges of an answer per node of its limit; an event of many inputs and outputs has one for each pair."""


class CutReason(StrEnum):
    """Why a graph does not go on at an item."""

    NOT_CONNECTED = "NOT_CONNECTED"
    REVOKED = "REVOKED"
    CONTESTED = "CONTESTED"
    NOT_SHARED = "NOT_SHARED"
    DEPTH_LIMIT = "DEPTH_LIMIT"
    NODE_LIMIT = "NODE_LIMIT"


class ItemEdge(NamedTuple):
    """From what was first to what it became; the event is None where the identifier of a serial contains its lot."""

    source: int
    target: int
    kind: EdgeKind
    event_id: int | None


class WalkLimits(NamedTuple):
    depth: int
    nodes: int


class Cut(NamedTuple):
    """An item from which the search could go on in a direction, were it not for the reason."""

    direction: WalkDirection
    reason: CutReason
    account_id: str


class Walk:
    """What the ways from one item have found: `depths` of items, `edges`, and the items where they were `cut`."""

    def __init__(self, conn: Connection, bounds: Bounds, limits: WalkLimits, faces: Faces | None = None) -> None:
        self.conn, self.bounds, self.limits, self.faces = conn, bounds, limits, faces
        self.depths: dict[int, int] = {}
        self._edges: list[ItemEdge] = []
        self._steps: list[tuple[list[Step], bool]] = []
        self._edge_count = 0
        self.cut: dict[int, list[Cut]] = {}
        self.ends: dict[WalkDirection, set[int]] = {}
        """Own items that no event leads on from."""
        self.last_steps: list[Callable[[], None]] = []
        self.rows_left = MAX_ROWS
        self.is_cut_short = False
        """Whether edges or rows were left out without an item that says so."""

    @property
    def edges(self) -> list[ItemEdge]:
        """Made of steps when they are asked for: many of them are passed at once."""
        for steps, is_up in self._steps:
            ends = ((far, near, event_id) if is_up else (near, far, event_id) for near, event_id, far in steps)
            self._edges += [ItemEdge(source, target, "TRANSFORMED", event_id) for source, target, event_id in ends]
        self._steps.clear()
        return self._edges

    @property
    def has_room_for_edges(self) -> bool:
        return self._edge_count < self.limits.nodes * EDGES_PER_NODE

    @property
    def is_full(self) -> bool:
        return len(self.depths) >= self.limits.nodes or self.rows_left <= 0

    @property
    def is_truncated(self) -> bool:
        limited = (CutReason.DEPTH_LIMIT, CutReason.NODE_LIMIT)
        return self.is_cut_short or any(cut.reason in limited for cuts in self.cut.values() for cut in cuts)

    def mark_cuts(self) -> None:
        """Find out where the search could go on; the last step of a walk."""
        for step in self.last_steps:
            step()

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
        if is_new or self.has_room_for_edges:
            self.edges.append(ItemEdge(source, target, kind, event_id))
            self._edge_count += 1
        else:
            self.is_cut_short = True

    def find_all(self, nodes: list[int], depth: int, *, edges: int) -> bool:
        """Add nodes that are new, if there is room for all of them and for as many edges."""
        room = self.limits.nodes - len(self.depths)
        if len(nodes) > room or self._edge_count + edges > self.limits.nodes * EDGES_PER_NODE:
            return False
        self.depths.update(dict.fromkeys(nodes, depth))
        return True

    def join_all(self, steps: list[Step], *, is_up: bool) -> None:
        """Add an edge for each of these steps, for which `find_all` has found room."""
        self._steps.append((steps, is_up))
        self._edge_count += len(steps)

    def mark(self, node: int, cut: Cut) -> None:
        cuts = self.cut.setdefault(node, [])
        if cut not in cuts:
            cuts.append(cut)

    def count(self, rows: int) -> None:
        """Count rows that were read."""
        self.rows_left -= rows
        if self.rows_left <= 0:
            self.is_cut_short = True
