"""Lays out a graph in columns, from what was first at the left to what it became.

A layered drawing (Sugiyama et al. 1981). A page shows at most some hundred nodes, and the places that edges pass are
bounded, so a few passes of plain Python are enough: no library is needed.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

NODE_WIDTH, NODE_HEIGHT = 216, 76
COLUMN_GAP, ROW_GAP, MARGIN = 112, 20, 12
_PASSING_HEIGHT = 4
_SWEEPS = 4
MAX_PASSING = 5_000
"""Places that edges pass; without them, an edge runs straight to its end."""
NodePair = tuple[str, str]


class Point(NamedTuple):
    x: float
    y: float


class Layout(NamedTuple):
    """`nodes` are the upper left corners, `paths` the points that each edge passes."""

    width: float
    height: float
    nodes: Mapping[str, Point]
    columns: Mapping[str, int]
    paths: Mapping[NodePair, list[Point]]


def lay_out(root: str, nodes: Sequence[str], edges: Iterable[NodePair]) -> Layout:
    """The root is in column 0, what it was made of at the left of it."""
    unique = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    columns = _columns(root, nodes, unique)
    order: dict[int, list[str]] = {}
    for node in nodes:
        order.setdefault(columns[node], []).append(node)
    passing = _passing(unique, columns, order)
    neighbours = _neighbours(unique, passing)
    _sort(order, neighbours)
    places = _places(order, neighbours, set(nodes))
    first = min(order)
    left = {column: MARGIN + (column - first) * (NODE_WIDTH + COLUMN_GAP) for column in order}
    corners = {node: Point(left[columns[node]], places[node] - NODE_HEIGHT / 2) for node in nodes}
    paths = {
        edge: [
            Point(left[columns[edge[0]]] + NODE_WIDTH, places[edge[0]]),
            *(
                Point(left[column] + across, places[name])
                for column, name in passing[edge]
                for across in (0, NODE_WIDTH)
            ),
            Point(left[columns[edge[1]]], places[edge[1]]),
        ]
        for edge in unique
    }
    width = max(left.values()) + NODE_WIDTH + MARGIN
    height = max(point.y for point in corners.values()) + NODE_HEIGHT + MARGIN
    return Layout(width, height, corners, columns, paths)


def _columns(root: str, nodes: Iterable[str], edges: Iterable[NodePair]) -> dict[str, int]:
    """The longest way to the root, so that edges lead to the right; what hangs at others stands beside them."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    before: dict[str, list[str]] = {node: [] for node in after}
    for source, target in edges:
        after[source].append(target)
        before[target].append(source)
    found = _longest_ways(root, after)
    for node, distance in _longest_ways(root, before).items():
        found.setdefault(node, -distance)
    waiting = deque(found)
    while waiting:
        node = waiting.popleft()
        for others, step in ((after[node], 1), (before[node], -1)):
            for other in others:
                if other not in found:
                    found[other] = found[node] + step
                    waiting.append(other)
    return {node: found.get(node, 0) for node in after}


def _longest_ways(root: str, follow: Mapping[str, list[str]]) -> dict[str, int]:
    """The length of the longest way from the root to each node; an edge that closes a cycle is left out."""
    is_done: dict[str, bool] = {root: False}
    kept: dict[str, list[str]] = {root: []}
    finished: list[str] = []
    stack = [(root, iter(follow[root]))]
    while stack:
        node, rest = stack[-1]
        for other in rest:
            if other not in is_done:
                is_done[other], kept[other] = False, []
                kept[node].append(other)
                stack.append((other, iter(follow[other])))
                break
            if is_done[other]:
                kept[node].append(other)
        else:
            is_done[node] = True
            finished.append(node)
            stack.pop()
    ways = {root: 0}
    for node in reversed(finished):
        for other in kept[node]:
            ways[other] = max(ways.get(other, 0), ways[node] + 1)
    return ways


def _passing(
    edges: Sequence[NodePair], columns: Mapping[str, int], order: dict[int, list[str]]
) -> dict[NodePair, list[tuple[int, str]]]:
    """A place in each column that an edge passes, so that it does not run through nodes."""
    found: dict[NodePair, list[tuple[int, str]]] = {}
    straight = _straight(edges, columns)
    for number, edge in enumerate(edges):
        found[edge] = []
        if edge in straight:
            continue
        for column in range(columns[edge[0]] + 1, columns[edge[1]]):
            # No identifier of an item contains a space.
            name = f" {number} {column}"
            found[edge].append((column, name))
            order.setdefault(column, []).append(name)
    return found


def _straight(edges: Sequence[NodePair], columns: Mapping[str, int]) -> set[NodePair]:
    """The longest edges, as far as they would pass more than MAX_PASSING places."""
    passed = {edge: max(columns[edge[1]] - columns[edge[0]] - 1, 0) for edge in edges}
    left = MAX_PASSING
    found = set()
    for edge in sorted(edges, key=passed.__getitem__):
        left -= passed[edge]
        if left < 0:
            found.add(edge)
    return found


def _neighbours(edges: Iterable[NodePair], passing: Mapping[NodePair, list[tuple[int, str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        way = [edge[0], *(name for _, name in passing[edge]), edge[1]]
        for one, other in itertools.pairwise(way):
            found.setdefault(one, []).append(other)
            found.setdefault(other, []).append(one)
    return found


def _sort(order: dict[int, list[str]], neighbours: Mapping[str, list[str]]) -> None:
    """Each column by the mean position of the neighbours, from the left and from the right in turn."""
    position = {name: float(place) for names in order.values() for place, name in enumerate(names)}
    for sweep in range(_SWEEPS):
        for column in sorted(order, reverse=sweep % 2 == 1):
            names = order[column]
            beside = {name: [position[one] for one in neighbours.get(name, ())] for name in names}
            names.sort(
                key=lambda name, beside=beside: (  # type: ignore[misc]
                    sum(beside[name]) / len(beside[name]) if beside[name] else position[name]
                )
            )
            position.update((name, float(place)) for place, name in enumerate(names))


def _places(order: Mapping[int, list[str]], neighbours: Mapping[str, list[str]], nodes: set[str]) -> dict[str, float]:
    """The middle of each node: as near to its neighbours as its column allows."""
    heights = {name: NODE_HEIGHT if name in nodes else _PASSING_HEIGHT for names in order.values() for name in names}
    middles: dict[str, float] = {}
    for names in order.values():
        middles.update(zip(names, _spread([0.0] * len(names), [heights[name] for name in names]), strict=True))
    for sweep in range(_SWEEPS):
        for column in sorted(order, reverse=sweep % 2 == 1):
            names = order[column]
            wanted = []
            for name in names:
                beside = [middles[one] for one in neighbours.get(name, ())]
                wanted.append(sum(beside) / len(beside) if beside else middles[name])
            middles.update(zip(names, _spread(wanted, [heights[name] for name in names]), strict=True))
    top = min(middles[name] - heights[name] / 2 for name in middles)
    return {name: round(middle - top + MARGIN, 1) for name, middle in middles.items()}


def _spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones that keep order and distance (isotonic regression)."""
    offsets, total = [], 0.0
    for height in heights:
        offsets.append(total + height / 2)
        total += height + ROW_GAP
    blocks: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets, strict=True):
        mean, size = place - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    means = [mean for mean, size in blocks for _ in range(size)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
