"""The layout of a drawing: columns from left to right, and nothing that lies over something else."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from harness.processor_time import processor_time
from linkxg.console.graph_layout import NODE_HEIGHT, NODE_WIDTH, Layout, NodePair, lay_out


def random_edges(seed: int, count: int, *, cycles: bool) -> tuple[list[str], list[NodePair]]:
    chosen = random.Random(seed)
    names = [f"n{number}" for number in range(count)]
    edges = []
    for number in range(1, count):
        for other in chosen.sample(range(number), min(number, chosen.randint(1, 3))):
            is_turned = cycles and chosen.random() < 0.3
            edges.append((names[number], names[other]) if is_turned else (names[other], names[number]))
    return names, edges


def overlapping(found: Layout) -> list[tuple[str, str]]:
    by_column: dict[int, list[str]] = {}
    for name, column in found.columns.items():
        by_column.setdefault(column, []).append(name)
    return [
        (one, other)
        for names in by_column.values()
        for one, other in combinations(names, 2)
        if abs(found.nodes[one].y - found.nodes[other].y) < NODE_HEIGHT
    ]


def test_what_was_first_is_at_the_left() -> None:
    edges = [("seed", "fibre"), ("fibre", "yarn"), ("seed", "yarn"), ("yarn", "cloth"), ("dye", "cloth")]
    found = lay_out("yarn", ["yarn", "seed", "fibre", "cloth", "dye"], edges)
    assert found.columns == {"seed": -2, "fibre": -1, "yarn": 0, "cloth": 1, "dye": 0}
    for source, target in edges:
        assert found.nodes[source].x + NODE_WIDTH < found.nodes[target].x


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("cycles", [False, True])
def test_no_node_lies_over_another(seed: int, cycles: bool) -> None:
    names, edges = random_edges(seed, 60, cycles=cycles)
    found = lay_out(names[30], names, edges)
    assert found.nodes.keys() == set(names)
    assert overlapping(found) == []
    assert all(point.x >= 0 and point.x + NODE_WIDTH <= found.width for point in found.nodes.values())
    assert all(point.y >= 0 and point.y + NODE_HEIGHT <= found.height for point in found.nodes.values())


@pytest.mark.parametrize("seed", range(10))
def test_a_long_edge_passes_between_nodes(seed: int) -> None:
    names, edges = random_edges(seed, 40, cycles=False)
    found = lay_out(names[0], names, edges)
    for edge, path in found.paths.items():
        for point in path[1:-1]:
            inside = [
                name for name, corner in found.nodes.items()
                if name not in edge and corner.x <= point.x <= corner.x + NODE_WIDTH
                and corner.y < point.y < corner.y + NODE_HEIGHT
            ]  # fmt: skip
            assert inside == []


def test_a_cycle_and_an_edge_to_itself_are_laid_out() -> None:
    found = lay_out("a", ["a", "b"], [("a", "b"), ("b", "a"), ("a", "a"), ("a", "b")])
    assert set(found.paths) == {("a", "b"), ("b", "a")}
    assert overlapping(found) == []


def test_one_node_alone_and_the_same_twice() -> None:
    assert lay_out("a", ["a"], []).columns == {"a": 0}
    names, edges = random_edges(1, 50, cycles=True)
    assert lay_out("n0", names, edges) == lay_out("n0", names, edges)


def test_the_largest_page_is_laid_out_at_once() -> None:
    names, edges = random_edges(3, 500, cycles=False)
    with processor_time() as taken:
        lay_out(names[250], names, edges)
    assert taken.seconds < 3


def test_a_dense_graph_is_laid_out_at_once() -> None:
    """Security rule L5: a place for each edge in each column is a product; the longest edges then run straight."""
    names = [f"n{number}" for number in range(500)]
    edges = [(names[one], names[one + 1]) for one in range(499)]
    edges += [(names[one], names[one + step]) for step in (400, 300, 200, 2) for one in range(500 - step)]
    with processor_time() as taken:
        found = lay_out(names[0], names, edges)
    assert taken.seconds < 3
    assert set(found.paths) == set(edges)
    assert len(found.paths[names[0], names[2]]) == 4
    assert len(found.paths[names[0], names[400]]) == 2
