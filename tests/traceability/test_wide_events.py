"""The cost of events with many items on both sides is a sum, not a product (security rule L5)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from linkxg.network.traceability.document_store import EventContent
from linkxg.network.traceability.event_document import event_document
from linkxg.network.traceability.way import Way
from traceability.chain import lot, made
from traceability.tracing import Tracing


def test_each_item_of_a_wide_event_is_found_but_not_each_pair_tried(
    tracing: Tracing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security rule L5: a thousand inputs and a thousand outputs were a million pairs, for a thousand nodes."""
    tried, reach = [0], Way._reach

    def count(self: Way, *args: Any) -> None:
        tried[0] += 1
        reach(self, *args)

    monkeypatch.setattr(Way, "_reach", count)
    here = tracing.another()
    root, inputs = lot("W"), [lot(f"WI{number}") for number in range(400)]
    outputs = [lot(f"WO{number}") for number in range(400)]
    here.capture(made([root], inputs), made(inputs, outputs))
    found = here.graph(root, ["downstream"], nodes=1_000)
    assert tried[0] <= 400 + 400 + 4 * 1_000
    assert {node.id for node in found.nodes} == {one.uri for one in (root, *inputs, *outputs)}
    assert found.truncated
    tried[0] = 0
    cut = here.graph(root, ["downstream"], nodes=500)
    assert tried[0] <= 400 + 400 + 4 * 500
    assert len(cut.nodes) == 500
    assert cut.truncated


def test_contexts_of_a_document_of_events_are_bounded() -> None:
    """Security rule L5: each was compared with all others, and the sum was not bounded."""
    contexts = [f'[{{"p{number}":"https://ns.example.com/{number}/"}}]' for number in range(3_000)]
    started = time.perf_counter()
    document = event_document([EventContent(1, "urn:e:1", 1, 1, b"{}", one) for one in contexts])
    assert time.perf_counter() - started < 1
    head, _, rest = document.partition(b'"epcisBody"')
    assert len(head) < 4_000
    assert rest.count(b'"@context"') == 3_000 - 49
