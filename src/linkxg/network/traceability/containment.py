"""When items were in which containers, derived from aggregations at read time (EPCIS 2.0 §7.4.3).

An ADD begins a stay; a DELETE of the child, or one of the parent without children, ends it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.clock import LATEST_MS
from linkxg.network.traceability import containment_store
from linkxg.network.traceability.bounds_model import EARLIEST_MS, Bounds

MAX_NESTING = 8
MAX_STAYS = 5_000
MAX_ROWS = 20_000


class Stay(NamedTuple):
    """`origin` was in `container_id`, directly or in containers in it, from `since` to `until` in milliseconds."""

    origin: int
    container_id: int
    since: int
    until: int
    nesting: int


class Stays(NamedTuple):
    found: list[Stay]
    is_complete: bool


def list_stays(conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds) -> Stays:
    """Of all these items, direct containers first. A container that contains itself ends the nesting."""
    # A stay may have begun before the time that is asked for.
    bounds = bounds._replace(since=EARLIEST_MS)
    level = [Stay(item_id, item_id, EARLIEST_MS, LATEST_MS, 0) for item_id in item_ids]
    found: dict[tuple[int, int, int, int], Stay] = {}
    is_complete = True
    for _ in range(MAX_NESTING):
        direct, is_whole = _direct_stays(conn, account_id, {stay.container_id for stay in level}, bounds)
        is_complete = is_complete and is_whole
        following: dict[tuple[int, int, int, int], Stay] = {}
        for inner in level:
            for stay in direct.get(inner.container_id, ()):
                since, until = max(inner.since, stay.since), min(inner.until, stay.until)
                nested = Stay(inner.origin, stay.container_id, since, until, inner.nesting + 1)
                if since <= until and nested[:4] not in found and nested.container_id != nested.origin:
                    following[nested[:4]] = nested
        if len(found) + len(following) > MAX_STAYS:
            return Stays(list(found.values()), is_complete=False)
        found |= following
        level = list(following.values())
        if not level:
            return Stays(list(found.values()), is_complete)
    return Stays(list(found.values()), is_complete=False)


def _direct_stays(
    conn: Connection, account_id: str, item_ids: Iterable[int], bounds: Bounds
) -> tuple[dict[int, list[Stay]], bool]:
    """The stays by item, and whether all of them were read."""
    rows = containment_store.list_containers(conn, account_id, item_ids, bounds, rows=MAX_ROWS)
    containers = {row.other_id for row in rows}
    emptied = containment_store.list_emptied(conn, account_id, containers, bounds, rows=MAX_ROWS) if containers else []
    ends: dict[int, list[tuple[int, int, str]]] = {}
    for container_id, event_id, at in emptied:
        ends.setdefault(container_id, []).append((at, event_id, "DELETE"))
    pairs: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
    for row in rows:
        pairs.setdefault((row.item_id, row.other_id), []).append((row.event_time, row.event_id, row.action))
    found: dict[int, list[Stay]] = {}
    for (item_id, container_id), changes in pairs.items():
        began: int | None = None
        stays = found.setdefault(item_id, [])
        for at, _, action in sorted([*changes, *ends.get(container_id, ())]):
            if action == "ADD" and began is None:
                began = at
            elif action == "DELETE" and began is not None:
                stays.append(Stay(item_id, container_id, began, at, 1))
                began = None
        if began is not None:
            stays.append(Stay(item_id, container_id, began, LATEST_MS, 1))
    return found, max(len(rows), len(emptied)) < MAX_ROWS
