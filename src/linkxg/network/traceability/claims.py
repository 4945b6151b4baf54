"""What partners say was made of own items. Their claims have limits of their own and never lead into own events.

A partner's events are walked from own items alone: a claim that rests on that of another partner is left to them.
"""

import time
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.describe_store import ItemRow
from linkxg.network.traceability.faces import Face, Faces
from linkxg.network.traceability.walk_result import Walk, WalkLimits
from linkxg.network.traceability.way import Way

MAX_CLAIM_ROWS = 20_000
"""Rows of each partner that the claims of one answer read."""
CLAIMS_S = 2.0
"""For those of all partners together."""


class PartnerClaim(NamedTuple):
    """`is_known`: own events are about the item, but do not say that it came from the partner."""

    item: ItemRow
    owner_id: str
    depth: int
    is_known: bool


class _PartnerWalk:
    """The search over the events of one partner."""

    def __init__(self, conn: Connection, partner_id: str, bounds: Bounds, limits: WalkLimits, faces: Faces) -> None:
        self.walk = Walk(conn, bounds, limits, faces)
        self.walk.rows_left = MAX_CLAIM_ROWS
        self._way = Way(self.walk, "downstream", partner_id, is_own=False)
        self._limits = limits

    @property
    def reached(self) -> set[int]:
        return self._way.reached

    def extend(self, begins: dict[int, list[Face]], until: float) -> None:
        """Go on from these items, by their depths."""
        walk, way = self.walk, self._way.again()
        nodes = {walk.node_of(face.item_id): depth for depth, faces in begins.items() for face in faces}
        # Own items do not count.
        walk.limits = walk.limits._replace(nodes=walk.limits.nodes + len(nodes.keys() - walk.depths.keys()))
        for node, depth in nodes.items():
            walk.depths.setdefault(node, depth)
        for depth in range(min(begins), self._limits.depth):
            for face in begins.get(depth, ()):
                way.add(face.item_id, face.level, face.tiers)
            if not way.frontier:
                if depth >= max(begins):
                    return
                continue
            if walk.is_full or time.monotonic() > until:
                walk.is_cut_short = True
                return
            way.step(depth + 1)
        walk.is_cut_short = walk.is_cut_short or bool(way.frontier)


class PartnerWalks:
    """The claims of all partners."""

    def __init__(self, conn: Connection, viewer_id: str, bounds: Bounds, limits: WalkLimits, faces: Faces) -> None:
        self.faces = faces
        self._conn, self._viewer_id, self._bounds, self._limits = conn, viewer_id, bounds, limits
        self._by_partner: dict[str, _PartnerWalk] = {}
        self._seconds_left = CLAIMS_S
        self.is_cut_short = False

    def extend(self, depths: dict[int, int]) -> None:
        """Go on from these own items."""
        began = time.monotonic()
        until = began + self._seconds_left
        self.faces.learn(self._conn, self._viewer_id, depths)
        begins: dict[str, dict[int, list[Face]]] = {}
        for face in self.faces.list_faces(self._conn, [self.faces.node_of(item_id) for item_id in depths]):
            own_id = self.faces.own_item_of(face.item_id)
            if face.account_id != self._viewer_id and own_id is not None and depths[own_id] < self._limits.depth:
                begins.setdefault(face.account_id, {}).setdefault(depths[own_id], []).append(face)
        for partner_id, by_depth in begins.items():
            claims = self._by_partner.get(partner_id)
            if claims is None:
                claims = _PartnerWalk(self._conn, partner_id, self._bounds, self._limits, self.faces)
                self._by_partner[partner_id] = claims
            claims.extend(by_depth, until)
            self.is_cut_short = self.is_cut_short or claims.walk.is_truncated
        self.faces.learn_own(self._conn, {node for claims in self._by_partner.values() for node in claims.reached})
        self._seconds_left -= time.monotonic() - began

    def list_claimants(self, without: Iterable[int]) -> dict[int, dict[str, int]]:
        """The depths at which partners have reached own items, but these."""
        known = set(without)
        found: dict[int, dict[str, int]] = {}
        for partner_id, claims in self._by_partner.items():
            for item_id in self.faces.own_items(claims.reached).values():
                if item_id not in known:
                    depth = claims.walk.depths[self.faces.node_of(item_id)]
                    found.setdefault(item_id, {})[partner_id] = depth
        return found

    def list_claims(self, own: Iterable[int]) -> list[PartnerClaim]:
        """What partners have reached, but own items that own events confirm; the nearest first."""
        confirmed = set(own)
        found: dict[int, PartnerClaim] = {}
        for partner_id, claims in self._by_partner.items():
            own_ids = self.faces.own_items(claims.reached)
            for node in claims.reached:
                depth, own_id = claims.walk.depths[node], own_ids.get(node)
                if own_id not in confirmed and (node not in found or depth < found[node].depth):
                    found[node] = PartnerClaim(self.faces.rows[node], partner_id, depth, own_id is not None)
        listed = sorted(found.values(), key=lambda claim: (claim.depth, claim.item.uri))
        self.is_cut_short = self.is_cut_short or len(listed) > self._limits.nodes
        return listed[: self._limits.nodes]
