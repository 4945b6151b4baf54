"""Walks the genealogy of an item over own events, and over those that partners share."""

from collections.abc import Iterable

from sqlalchemy import Connection

from linkxg.network.traceability.bounds_model import Bounds
from linkxg.network.traceability.faces import Faces
from linkxg.network.traceability.walk_result import Walk, WalkLimits
from linkxg.network.traceability.walk_store import WalkDirection
from linkxg.network.traceability.way import Way


def walk_from(
    conn: Connection,
    account_id: str,
    root: int,
    level: int,
    directions: Iterable[WalkDirection],
    bounds: Bounds,
    limits: WalkLimits,
    faces: Faces | None = None,
) -> Walk:
    """The genealogy of an item of an account, with `faces` also in the events that partners share."""
    walk = Walk(conn, bounds, limits, faces)
    if faces is not None:
        faces.learn(conn, account_id, [root])
    walk.find(root, 0)
    ways: dict[WalkDirection, dict[str, Way]] = {}
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
    walk.last_steps = [way.mark_cut for by_account in ways.values() for way in by_account.values()]
    return walk


def _enter(walk: Walk, ways: dict[str, Way], direction: WalkDirection, own_id: str, nodes: list[int]) -> None:
    """Go on from these nodes in the events of other accounts, too."""
    if walk.faces is None or not nodes:
        return
    for face in walk.faces.list_faces(walk.conn, nodes):
        if face.account_id not in ways:
            ways[face.account_id] = Way(walk, direction, face.account_id, is_own=False)
        ways[face.account_id].add(face.item_id, face.level, face.tiers)
