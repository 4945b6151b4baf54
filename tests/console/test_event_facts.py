"""What a page says of an event is bounded, however much the event says (security rule L5)."""

from __future__ import annotations

from harness.processor_time import processor_time
from linkxg.console.event_facts import facts_of
from linkxg.network.traceability.find_names import ItemNames

EVENT = {"type": "ObjectEvent", "action": "OBSERVE", "eventTime": "2026-03-04T11:00:30Z"}


def test_fields_are_read_up_to_those_that_are_shown() -> None:
    """Security rule L5: all fields were read, each with the names of those around it, and 100 of them shown."""
    inner: object = {f"m{number}": number for number in range(50_000)}
    for depth in range(30):
        inner = {f"n{depth}" + "x" * 1_000: inner}
    event = {
        **EVENT,
        "eventTimeZoneOffset": "+01:00",
        "ex:a": inner,
        "persistentDisposition": {"set": ["ex:x"] * 5_000},
    }
    with processor_time() as taken:
        found = facts_of(event, ItemNames({}, {}, {}))
    assert taken.seconds < 0.1
    assert len(found.fields) == 100
    assert all(len(path) <= 200 for path, _ in found.fields)
    assert all(len(fact.text) < 10_000 for fact in found.facts)
