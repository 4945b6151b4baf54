"""The cost of events with many items on both sides is a sum, not a product (security rule L5)."""

from __future__ import annotations

import time

from linkxg.network.traceability.document_store import EventContent
from linkxg.network.traceability.event_document import event_document
from traceability.chain import lot, made
from traceability.tracing import Tracing


def test_each_item_of_a_wide_event_is_found_but_not_each_pair_tried(tracing: Tracing) -> None:
    """Security rule L5: a thousand inputs and a thousand outputs were a million pairs, for one node more or less."""
    here = tracing.another()
    root, inputs = lot("W"), [lot(f"WI{number}") for number in range(1_500)]
    outputs = [lot(f"WO{number}") for number in range(1_500)]
    here.capture(made([root], inputs), made(inputs, outputs))
    started = time.perf_counter()
    found = here.graph(root, ["downstream"], nodes=5_000)
    assert time.perf_counter() - started < 2.5
    assert {node.id for node in found.nodes} == {one.uri for one in (root, *inputs, *outputs)}
    assert found.truncated
    cut = here.graph(root, ["downstream"], nodes=2_000)
    assert len(cut.nodes) == 2_000
    assert cut.truncated


def test_contexts_of_a_document_of_events_are_bounded() -> None:
    """Security rule L5: each was compared with all others, and the sum was not bounded."""
    contexts = [f'[{{"p{number}":"https://ns.example.com/{number}/"}}]' for number in range(3_000)]
    started = time.perf_counter()
    document = event_document([EventContent(1, 1, 1, b"{}", one) for one in contexts])
    assert time.perf_counter() - started < 1
    head, _, rest = document.partition(b'"epcisBody"')
    assert len(head) < 4_000
    assert rest.count(b'"@context"') == 3_000 - 49
