"""What is an ancestor or descendant, beside networkx on random graphs, and each rule of genealogy."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkxg.errors import NotFound
from linkxg.network.epcis.documents.model import ItemRole
from linkxg.network.traceability import find_graph, tombstones
from linkxg.network.traceability.model import Quantity
from linkxg.network.traceability.walk_store import WalkDirection
from traceability.chain import OTHER_GTIN, assembled, class_of, crate, event, lot, made, packed, party, seen, serial
from traceability.tracing import Tracing

A, B, C, D, E, F = (lot(name) for name in "ABCDEF")
FEW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
numbers = st.integers(0, 11)
transformations = st.lists(
    st.tuples(st.lists(numbers, min_size=1, max_size=3), st.lists(numbers, min_size=1, max_size=3), st.integers(0, 3)),
    min_size=1,
    max_size=12,
)


def uris(*items: Any) -> set[str]:
    return {item.uri for item in items}


@FEW
@given(given_events=transformations, acyclic=st.booleans(), depth=st.integers(1, 6), as_of=st.integers(0, 4))
def test_ancestors_and_descendants_are_those_of_networkx(
    tracing: Tracing, given_events: Any, acyclic: bool, depth: int, as_of: int
) -> None:
    here = tracing.another()
    graph = nx.DiGraph()
    nodes = [lot(f"N{number}") for number in range(12)]
    recorded: dict[int, list[Any]] = {}
    for inputs, outputs, at in given_events:
        if acyclic:
            outputs = [one for one in outputs if one > max(inputs)]
        recorded.setdefault(at, []).append(made([nodes[n] for n in inputs], [nodes[n] for n in outputs]))
        if at <= as_of:
            graph.add_edges_from((a, b) for a in inputs for b in outputs)
    for at, captured in recorded.items():
        here.capture(*captured, recorded=at)
    root = given_events[0][0][0]
    graph.add_node(root)
    for direction, way in (("upstream", graph.reverse()), ("downstream", graph)):
        expected = nx.single_source_shortest_path_length(way, root, cutoff=depth)
        one: WalkDirection = direction  # type: ignore[assignment]
        assert here.depths(nodes[root], one, depth=depth, as_of=as_of) == {
            nodes[n].uri: at for n, at in expected.items()
        }
    found = here.graph(nodes[root], ("upstream",), as_of=as_of)
    above = nx.ancestors(graph, root) | {root}
    edges = {(nodes[a].uri, nodes[b].uri) for a, b in graph.edges if a in above and b in above}
    assert {(edge.from_, edge.to) for edge in found.edges} == edges
    assert not found.truncated


def test_siblings_of_the_item_are_not_in_its_graph(tracing: Tracing) -> None:
    """What else was made of an ancestor is neither an ancestor nor a descendant."""
    tracing.capture(made([A], [B]), made([A], [C]), made([B], [D]))
    assert set(tracing.depths(B)) == uris(A, B, D)


def test_events_with_one_transformation_id_are_one_transformation(tracing: Tracing) -> None:
    tracing.capture(
        made([A], [], transformation="T"), made([B], [], transformation="T"), made([], [C], transformation="T")
    )
    tracing.capture(made([D], [E], transformation="U"))
    assert set(tracing.depths(C, "upstream")) == uris(A, B, C)
    assert set(tracing.depths(A, "downstream")) == uris(A, C)


def test_a_part_is_upstream_of_its_asset(tracing: Tracing) -> None:
    part, asset = serial("P"), serial("X")
    tracing.capture(made([A], [part]), assembled([part], asset))
    assert tracing.depths(asset, "upstream") == {asset.uri: 0, part.uri: 1, A.uri: 2}
    kinds = {edge.kind for edge in tracing.graph(asset).edges}
    assert kinds == {"TRANSFORMED", "PART_OF"}


def test_a_container_is_shown_but_joins_nothing(tracing: Tracing) -> None:
    """Two lots on one pallet have nothing to do with each other."""
    pallet = crate("1")
    tracing.capture(made([A], [B]), packed([B, C], pallet), made([C], [D]))
    found = tracing.graph(B)
    assert {node.id for node in found.nodes} == uris(A, B, pallet)
    assert [(edge.from_, edge.to) for edge in found.edges if edge.kind == "CONTAINED"] == [(B.uri, pallet.uri)]
    assert set(tracing.depths(pallet)) == uris(pallet, B, C)


def test_a_class_is_shown_but_joins_nothing(tracing: Tracing) -> None:
    """A GTIN without lot or serial would join every lot of it."""
    dye = class_of(OTHER_GTIN)
    tracing.capture(made([A, dye], [B]), made([C, dye], [D]), made([E], [dye]))
    assert set(tracing.depths(B, "upstream")) == uris(A, B, dye)
    node = next(node for node in tracing.graph(B).nodes if node.id == dye.uri)
    assert node.granularity == "CLASS"


def test_a_serial_whose_identifier_has_its_lot_comes_from_what_its_lot_comes_from(tracing: Tracing) -> None:
    one, two = serial("1", of_lot="B"), serial("2", of_lot="B")
    tracing.capture(made([A], [B]), seen([one, two]), made([one], [C]))
    assert tracing.depths(one, "upstream") == {one.uri: 0, B.uri: 1, A.uri: 2}
    assert set(tracing.depths(A, "downstream")) == uris(A, B, one, two, C)
    # What became of one serial did not become of its lot, nor of its sibling.
    assert set(tracing.depths(two, "downstream")) == uris(two)


def test_a_serial_whose_master_data_has_its_lot_comes_from_what_its_lot_comes_from(tracing: Tracing) -> None:
    one, other = serial("1"), serial("1", OTHER_GTIN)
    tracing.capture(made([A], [B]), seen([one, other], "ADD", lot_number="B"))
    assert tracing.depths(one, "upstream") == {one.uri: 0, B.uri: 1, A.uri: 2}
    assert set(tracing.depths(A, "downstream")) == uris(A, B, one)
    (edge,) = (edge for edge in tracing.graph(one).edges if edge.kind == "OF_LOT")
    assert (edge.from_, edge.to, edge.event_id is not None) == (B.uri, one.uri, True)


def test_what_made_serials_of_a_lot_made_the_lot(tracing: Tracing) -> None:
    one = serial("1")
    tracing.capture(made([A], [one], lot_number="B"), seen([B]))
    assert set(tracing.depths(B, "upstream")) == uris(A, B)
    assert set(tracing.depths(A, "downstream")) == uris(A, B, one)


def test_an_error_declaration_voids_the_event_with_its_id(tracing: Tracing) -> None:
    wrong = {"id": "urn:uuid:wrong"}
    tracing.capture(made([A], [C], **wrong))
    tracing.capture(made([A], [C], declared=5, **wrong), recorded=5)
    tracing.capture(made([B], [C]), recorded=5)
    assert set(tracing.depths(C, "upstream")) == uris(B, C)
    assert set(tracing.depths(C, "upstream", include_voided=True)) == uris(A, B, C)
    # Before the declaration was recorded, the event counted.
    assert set(tracing.depths(C, "upstream", as_of=4)) == uris(A, C)


def test_a_declaration_of_another_account_voids_nothing(tracing: Tracing) -> None:
    other = tracing.another()
    wrong = {"id": "urn:uuid:same"}
    tracing.capture(made([A], [B], **wrong))
    other.capture(made([A], [B], declared=5, **wrong))
    assert set(tracing.depths(B)) == uris(A, B)
    with pytest.raises(NotFound):
        tracing.another().graph(A)


def test_only_events_of_the_time_window_count(tracing: Tracing) -> None:
    tracing.capture(made([A], [B], at=10), made([B], [C], at=20))
    assert set(tracing.depths(C, "upstream", since=20)) == uris(B, C)
    assert set(tracing.depths(C, "upstream", until=20)) == uris(C)
    assert set(tracing.depths(C, "upstream", since=10, until=21)) == uris(A, B, C)


def test_rework_is_a_cycle_with_the_shortest_depth(tracing: Tracing) -> None:
    tracing.capture(made([A], [B]), made([B], [A]), made([A], [A]))
    assert tracing.depths(A) == {A.uri: 0, B.uri: 1}


def test_a_node_at_the_limit_of_depth_says_that_it_goes_on(tracing: Tracing) -> None:
    tracing.capture(made([A], [B]), made([B], [C]), made([C], [D]))
    found = tracing.graph(D, ("upstream",), depth=2)
    assert found.truncated
    assert found.stats.max_depth == 2
    reasons = {node.id: node.tombstone.reason for node in found.nodes if node.tombstone}
    assert reasons == {B.uri: "DEPTH_LIMIT"}
    assert not tracing.graph(D, ("upstream",), depth=3).truncated


def test_a_node_at_the_limit_of_nodes_says_that_it_goes_on(tracing: Tracing) -> None:
    many = [lot(f"M{number}") for number in range(30)]
    tracing.capture(made(many, [A]), made([A], [B]))
    found = tracing.graph(B, ("upstream",), nodes=10)
    assert len(found.nodes) == 10
    assert found.truncated
    assert {node.id: node.tombstone.reason for node in found.nodes if node.tombstone} == {A.uri: "NODE_LIMIT"}


def test_an_event_of_many_inputs_and_outputs_has_bounded_edges(tracing: Tracing) -> None:
    """A thousand by a thousand would be a million."""
    inputs, outputs = ([lot(f"{side}{number}") for number in range(100)] for side in "IO")
    tracing.capture(made(inputs, outputs), made(outputs, [F]))
    found = tracing.graph(F, ("upstream",), nodes=300)
    assert len(found.nodes) == 201
    assert len(found.edges) <= 1_200
    assert found.truncated
    assert {edge.from_ for edge in found.edges} == uris(*inputs, *outputs)


def test_the_quantity_of_a_lot_is_what_was_made(tracing: Tracing) -> None:
    tracing.capture(made([A], [B], quantities={B.uri: (12.5, "KGM")}), made([A], [B], quantities={B.uri: (2.5, "KGM")}))
    tracing.capture(seen([A], "ADD", quantities={A.uri: (3.0, "MTR")}), seen([A], quantities={A.uri: (9.0, "MTR")}))
    nodes = {node.id: node.quantity for node in tracing.graph(B).nodes}
    assert (nodes[B.uri].value, nodes[B.uri].unit) == (15.0, "KGM")  # type: ignore[union-attr]
    assert (nodes[A.uri].value, nodes[A.uri].unit) == (3.0, "MTR")  # type: ignore[union-attr]


def test_quantities_that_are_too_many_to_add_up_are_unknown_and_the_answer_is_truncated(
    tracing: Tracing, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracing.capture(*(made([A], [B], quantities={B.uri: (1.0, "KGM")}) for _ in range(3)))
    monkeypatch.setattr(find_graph, "MAX_QUANTITY_ROWS", 4)
    found = tracing.graph(B)
    assert (found.nodes[0].quantity, found.truncated) == (Quantity(3.0, "KGM"), False)
    assert tracing.impact(A).truncated is False
    monkeypatch.setattr(find_graph, "MAX_QUANTITY_ROWS", 3)
    found = tracing.graph(B)
    assert (found.nodes[0].quantity, found.truncated) == (None, True)
    impact = tracing.impact(A)
    assert ({one.quantity for one in impact.products}, impact.truncated) == ({None}, True)


def test_a_graph_with_more_parties_than_are_read_is_truncated(
    tracing: Tracing, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [("source_owning_party", party(f"95200000000{number}1")) for number in range(2)]
    tracing.capture(seen([A], values=sources))
    assert not tracing.graph(A).truncated
    monkeypatch.setattr(tombstones, "MAX_PARTY_ROWS", 1)
    assert tracing.graph(A).truncated


def test_a_use_in_two_places_of_one_list_is_one_edge(tracing: Tracing) -> None:
    uses = [(ItemRole.INPUT, A), (ItemRole.INPUT, A), (ItemRole.OUTPUT, B)]
    tracing.capture(event("TransformationEvent", uses))
    assert len(tracing.graph(B).edges) == 1
