"""The pairs of inputs and outputs that are stored of a transformation."""

from __future__ import annotations

from linkxg.network.epcis.events.insert_events import pairs_of
from linkxg.network.epcis.events.store import DOWNSTREAM, UPSTREAM, WIDE


def test_inputs_and_outputs_are_pairs_in_both_directions() -> None:
    up, down = {(UPSTREAM, 3, 1, 7), (UPSTREAM, 3, 2, 7)}, {(DOWNSTREAM, 1, 3, 7), (DOWNSTREAM, 2, 3, 7)}
    assert set(pairs_of(7, {1, 2}, {3})) == up | down


def test_an_event_of_too_many_pairs_has_one_row_for_each_item() -> None:
    rows = list(pairs_of(7, range(1, 41), range(101, 141)))
    assert (len(rows), {row[2] for row in rows}) == (80, {WIDE})
