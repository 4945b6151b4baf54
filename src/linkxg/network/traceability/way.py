"""Breadth-first search in one direction over the events of one account, level by level.

Each item is expanded once, at its shortest depth, so cycles end. Genealogy alone is walked: what was made of what, what
is a part of what, and which serial is of which lot. Classes are found but not expanded, for that would join unrelated
lots.
"""

from copy import copy
from typing import Any

from linkxg.db.yield_turn import yield_turn
from linkxg.network.epcis.documents.model import ItemRole, Level
from linkxg.network.traceability import lot_store, walk_store
from linkxg.network.traceability.model import EdgeKind
from linkxg.network.traceability.walk_result import Cut, CutReason, Walk
from linkxg.network.traceability.walk_store import Step, WalkDirection, WalkEvent

PAIRS_AT_ONCE = 5_000
_KIND: dict[int, EdgeKind] = {ItemRole.INPUT: "TRANSFORMED", ItemRole.OUTPUT: "TRANSFORMED"}


class Way:
    """The search in one direction over the events of one account.

    For a partner's account, `tiers` is how far the search may go on from each of its items.
    """

    def __init__(self, walk: Walk, direction: WalkDirection, account_id: str, *, is_own: bool) -> None:
        self._walk, self._direction, self.account_id, self._is_own = walk, direction, account_id, is_own
        self._depth = 0
        self._visited: set[int] = set()
        self._tiers: dict[int, int] = {}
        self._serials: list[int] = []
        self._lots: list[int] = []
        self.found: list[int] = []
        """The nodes that the last step has added to the graph."""
        self.reached: set[int] = set()
        """The nodes that a partner's events lead to."""
        self._profile = walk_store.read_profile(walk.conn, account_id, walk.bounds)

    def again(self) -> "Way":
        """The search from other items: those that were expanded here are not expanded again."""
        found = copy(self)
        found._serials, found._lots, found.found = [], [], []
        return found

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
        if self._profile.is_plain:
            args = (self._walk.conn, self.account_id, self._direction, serials + lots, self._profile)
            steps = walk_store.list_steps(*args, rows=self._rows)
            if steps is not None:
                self._walk.count(len(steps))
                if self._is_own:
                    self._note_ends(serials + lots, {step[0] for step in steps})
                self._cross_plain(steps)
                return
        self._join_lots(serials, lots)
        near = self._near(serials + lots, lots)
        if self._is_own:
            self._note_ends(serials + lots, {row[0] for row in near})
        if near:
            self._cross(near)

    def _cross_plain(self, steps: list[Step]) -> None:
        """As `_cross`, for an account of transformations alone."""
        walk, faces = self._walk, self._walk.faces
        if faces is not None:
            faces.learn(walk.conn, self.account_id, {far for _, _, far in steps})
        # While no item of a partner is known, each own item is a node of its own.
        is_alone = self._is_own and (faces is None or not faces.has_partners)
        for start in range(0, len(steps), PAIRS_AT_ONCE):
            yield_turn(walk.conn)
            some = steps[start : start + PAIRS_AT_ONCE]
            if is_alone and self._cross_at_once(some):
                continue
            for near, event_id, far in some:
                self._reach(near, far, self._plain_level(far), "TRANSFORMED", event_id)

    def _cross_at_once(self, steps: list[Step]) -> bool:
        """Take all of these steps, unless a limit is near: then each has to be looked at."""
        walk, visited, classes = self._walk, self._visited, self._profile.classes
        fresh = [far for far in dict.fromkeys([step[2] for step in steps]) if far not in visited]
        found = [far for far in fresh if far not in walk.depths]
        if not walk.find_all(found, self._depth, edges=len(steps)):
            return False
        walk.join_all(steps, is_up=self._direction == "upstream")
        self.found += found
        visited.update(fresh)
        self._lots += [far for far in fresh if far not in classes] if classes else fresh
        return True

    def _plain_level(self, item_id: int) -> int:
        return Level.CLASS if item_id in (self._profile.classes or ()) else Level.LOT

    def mark_cut(self) -> None:
        """Where the search could go on, but for the limits or the tiers of the share."""
        reason = CutReason.NODE_LIMIT if self._walk.is_full else CutReason.DEPTH_LIMIT
        self._mark(self.frontier, reason)
        self._mark([item_id for item_id, tiers in self._tiers.items() if tiers == 0], CutReason.NOT_SHARED)

    def _mark(self, item_ids: list[int], reason: CutReason) -> None:
        walk = self._walk
        if item_ids:
            args = (walk.conn, self.account_id, self._direction, item_ids, walk.bounds, self._profile)
            for item_id in walk_store.list_expandable(*args):
                walk.mark(walk.node_of(item_id), Cut(self._direction, reason, self.account_id))

    def _note_ends(self, frontier: list[int], expanded: set[int]) -> None:
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
        self._reach_all([(item_id, role, event_id, group_of[event_id]) for item_id, role, event_id, _ in near], far)

    def _reach_all(self, near: list[tuple[int, int, int, int | str]], far: dict[int | str, dict[int, int]]) -> None:
        """Each item of the level with each on the other side, until no pair can add a node or an edge."""
        walk = self._walk
        tried: dict[int | str, tuple[int, dict[int, int]]] = {}
        for item_id, role, event_id, group in dict.fromkeys(near):
            others = far.get(group)
            if not others:
                continue
            tiers = 0 if self._is_own else self._tiers[item_id]
            kind = _KIND.get(role, "PART_OF")
            before, found = tried.get(group, (-1, others))
            if tiers > before:
                for number, (other, level) in enumerate(others.items()):
                    if number % PAIRS_AT_ONCE == 0:
                        yield_turn(walk.conn)
                    self._reach(item_id, other, level, kind, event_id)
                tried[group] = tiers, {one: level for one, level in others.items() if walk.node_of(one) in walk.depths}
                continue
            # Another item has led there already, as far as there was room.
            if len(found) < len(others):
                walk.mark(walk.node_of(item_id), Cut(self._direction, CutReason.NODE_LIMIT, self.account_id))
            for other, level in found.items():
                if not walk.has_room_for_edges:
                    walk.is_cut_short = True
                    break
                self._reach(item_id, other, level, kind, event_id)

    def _reach(self, item_id: int, other: int, level: int, kind: EdgeKind, event_id: int | None) -> None:
        walk = self._walk
        near, far = (item_id, other) if walk.faces is None else (walk.node_of(item_id), walk.node_of(other))
        is_new = far not in walk.depths
        if is_new:
            if not walk.find(far, self._depth):
                walk.mark(near, Cut(self._direction, CutReason.NODE_LIMIT, self.account_id))
                return
            self.found.append(far)
        if not self._is_own:
            self.reached.add(far)
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
        # By group, or a serial of many events would be compared with each of them in each.
        lots_of: dict[tuple[int, int | str | None], list[int]] = {}
        for serial, lot, event_id in found:
            group = None if event_id is None else group_of.get(event_id)
            if event_id is None or group is not None:
                lots_of.setdefault((serial, group), []).append(lot)
        for made_in, others in far.items():
            for serial in serials.intersection(others):
                for lot in (*lots_of.get((serial, None), ()), *lots_of.get((serial, made_in), ())):
                    others[lot] = Level.LOT
