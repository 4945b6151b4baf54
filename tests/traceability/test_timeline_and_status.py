"""The events of an item and of its containers, and what they say about it."""

from __future__ import annotations

from typing import Any

import pytest

from linkxg.network.traceability import status
from traceability.chain import crate, lot, packed, seen, serial
from traceability.tracing import Tracing

A, B = lot("A"), lot("B")
CASE, PALLET, OTHER = crate("case"), crate("pallet"), crate("other")
DOCK, ROAD, SHOP = "urn:test:dock", "urn:test:road", "urn:test:shop"


def steps(tracing: Tracing, item: Any, **options: Any) -> list[tuple[str | None, str | None]]:
    """(business step, container) of each event, the oldest first."""
    return [(one.biz_step, one.inherited_from) for one in reversed(tracing.timeline(item, **options))]


def test_the_timeline_has_the_events_of_containers_only_while_the_item_was_in_them(tracing: Tracing) -> None:
    tracing.capture(
        seen([CASE], at=5, step="too early"),
        packed([A, B], CASE, at=10),
        seen([CASE], at=15, step="shipping"),
        packed([A], CASE, "DELETE", at=20),
        seen([CASE], at=25, step="too late"),
    )
    assert steps(tracing, A) == [("packing", None), ("shipping", CASE.uri), ("packing", None)]
    assert [step for step, _ in steps(tracing, B)][-1] == "too late"


def test_the_timeline_follows_containers_in_containers(tracing: Tracing) -> None:
    tracing.capture(
        packed([A], CASE, at=10),
        packed([CASE], PALLET, at=20),
        seen([PALLET], at=30, step="shipping"),
        packed([CASE], PALLET, "DELETE", at=40),
        seen([PALLET], at=50, step="too late"),
    )
    found = steps(tracing, A)
    assert ("shipping", PALLET.uri) in found
    assert "too late" not in {step for step, _ in found}


def test_what_is_added_to_a_container_later_is_no_event_of_what_was_in_it_before(tracing: Tracing) -> None:
    tracing.capture(packed([A], CASE, at=10), packed([B], CASE, at=20))
    assert len(tracing.timeline(A)) == 1


def test_a_delete_without_children_empties_the_container(tracing: Tracing) -> None:
    tracing.capture(packed([A, B], CASE, at=10), packed([], CASE, "DELETE", at=20), seen([CASE], at=30, step="later"))
    assert steps(tracing, A) == [("packing", None), ("packing", CASE.uri)]
    assert tracing.status(A).containers == []


def test_a_container_that_contains_itself_ends_the_nesting(tracing: Tracing) -> None:
    tracing.capture(packed([A], CASE, at=1), packed([CASE], PALLET, at=2), packed([PALLET], CASE, at=3))
    assert {one.id for one in tracing.status(A).containers} == {CASE.uri, PALLET.uri}


def test_a_stay_may_have_begun_before_the_time_window(tracing: Tracing) -> None:
    tracing.capture(packed([A], CASE, at=10), seen([CASE], at=20, step="shipping"))
    assert steps(tracing, A, since=15) == [("shipping", CASE.uri)]


def test_pages_of_events_at_the_same_time_have_each_of_them_once(tracing: Tracing) -> None:
    tracing.capture(*(seen([A], at=at // 4, step=f"step {at}") for at in range(18)))
    whole = steps(tracing, A)
    assert len(whole) == 18
    for limit in (1, 3, 5):
        assert steps(tracing, A, limit=limit) == whole


def test_the_timeline_as_of_a_time_is_what_it_was_then(tracing: Tracing) -> None:
    tracing.capture(packed([A], CASE, at=10), recorded=10)
    tracing.capture(seen([CASE], at=11, step="shipping"), recorded=20)
    assert steps(tracing, A, as_of=15) == [("packing", None)]
    assert len(steps(tracing, A)) == 2


def test_voided_events_are_listed_only_if_asked_for_and_say_so(tracing: Tracing) -> None:
    wrong: dict[str, Any] = {"id": "urn:uuid:wrong", "at": 10, "step": "shipping"}
    tracing.capture(seen([A], at=5), seen([A], **wrong), seen([A], declared=20, **wrong))
    assert [one.voided for one in tracing.timeline(A)] == [False]
    assert sorted(one.voided for one in tracing.timeline(A, include_voided=True)) == [False, True, True]


def test_an_event_that_was_recorded_before_it_happened_says_so(tracing: Tracing) -> None:
    tracing.capture(seen([A], at=10), recorded=20)
    tracing.capture(seen([A], at=100), recorded=21)
    assert [one.ahead_of_record_time for one in tracing.timeline(A)] == [True, False]


def test_status_has_the_last_location_and_disposition_of_the_item_or_its_container(tracing: Tracing) -> None:
    tracing.capture(
        seen([A], at=1, disposition="active", location=SHOP, read_point=DOCK),
        packed([A], CASE, at=10),
        packed([CASE], PALLET, at=11),
        seen([PALLET], at=20, disposition="in_transit", read_point=ROAD),
    )
    found = tracing.status(A)
    assert found.location is not None
    assert (found.location.read_point, found.location.inherited_from) == (ROAD, PALLET.uri)
    assert found.disposition == "in_transit"
    assert [one.id for one in found.containers] == [CASE.uri, PALLET.uri]
    assert found.last_seen_at == tracing.timeline(A)[0].event_time
    before = tracing.status(A, as_of=-1)
    assert (before.location, before.last_seen_at, before.containers) == (None, None, [])


def test_a_persistent_disposition_holds_until_it_is_unset(tracing: Tracing) -> None:
    name = "persistentDisposition_"
    tracing.capture(
        seen([A], at=1, values=[(f"{name}set", "recalled"), (f"{name}set", "damaged")]),
        seen([A], at=2, values=[(f"{name}unset", "recalled")]),
        seen([B], at=3, values=[(f"{name}unset", "damaged")]),
    )
    assert tracing.status(A).persistent_dispositions == ["damaged"]


def test_a_status_with_more_dispositions_than_are_read_is_truncated(
    tracing: Tracing, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracing.capture(*(seen([A], at=at, values=[("persistentDisposition_set", f"state {at}")]) for at in range(3)))
    assert not tracing.status(A).events_truncated
    monkeypatch.setattr(status, "MAX_DISPOSITIONS", 2)
    found = tracing.status(A)
    assert (found.persistent_dispositions, found.events_truncated) == (["state 1", "state 2"], True)


def test_a_corrective_event_counts_in_place_of_the_voided_one(tracing: Tracing) -> None:
    one = serial("1")
    wrong: dict[str, Any] = {"id": "urn:uuid:misread", "at": 10, "location": SHOP}
    tracing.capture(seen([one], **wrong), seen([one], at=10, location=DOCK))
    tracing.capture(seen([one], declared=20, **wrong), recorded=20)
    location = tracing.status(one).location
    assert location is not None
    assert location.biz_location == DOCK
