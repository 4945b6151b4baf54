"""What a context may cost is bounded (security rules L5 and L8)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from epcis.vectors import STANDARD, contexts, event
from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.documents.model import EventFault, ParsedEvent
from linkxg.network.epcis.documents.parse import parse_event
from linkxg.network.epcis.documents.schema import MAX_FAULTS

LONG = "https://ns.example.com/" + "x" * 477


def seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_a_context_of_thousands_of_members_is_refused_at_once() -> None:
    """Security rule L5: the members were compared with each other before they were counted."""
    value = [{f"p{number}": f"https://ns.example.com/{number}/"} for number in range(20_000)]
    assert isinstance(read_contexts(value), EventFault)
    assert seconds(lambda: read_contexts(value)) < 0.2


def test_members_are_bounded_and_repeated_ones_are_kept_once() -> None:
    """Security rule L5."""
    assert isinstance(read_contexts([{"a": "urn:a:"}] * 51), EventFault)
    found = read_contexts([STANDARD, *[{"a": "urn:a:"}] * 20, *[{"a": "urn:a:"}] * 20])
    assert isinstance(found, Contexts)
    assert json.loads(found.foreign) == [{"a": "urn:a:"}]


@pytest.mark.parametrize("length", [500, 501])
def test_a_namespace_has_at_most_500_characters(length: int) -> None:
    """Security rule L5: it is written out for every name and value that has its prefix."""
    found = read_contexts({"ex": LONG.ljust(length, "x")})
    assert isinstance(found, EventFault) is (length > 500)
    assert isinstance(read_contexts({"ex": {"@id": LONG.ljust(length, "x")}}), EventFault) is (length > 500)


def test_an_event_whose_names_and_values_are_much_longer_with_their_namespaces_is_refused() -> None:
    """Security rule L5: the text that is hashed has each namespace in full."""
    within = contexts([STANDARD, {"ex": LONG}])
    parties = [{"type": "ex:a", "source": f"urn:x:{number}"} for number in range(9_000)]
    many = event(**{"ex:a": [[["ex:b"] * 9_000]]})
    for big in (event(sourceList=parties), many, event(**{"ex:a": {f"ex:{number}": None for number in range(9_000)}})):
        found = parse_event(big, within)
        assert not isinstance(found, ParsedEvent)
        assert [fault.code for fault in found] == ["too_large"]


def test_unknown_prefixes_are_reported_up_to_a_bound_with_short_pointers() -> None:
    """Security rule L5: every fault repeated the names of all fields around it."""
    inner: dict[str, Any] = {f"un{number}:x": number for number in range(20_000)}
    for depth in range(20):
        inner = {f"example:{depth}" + "n" * 200: inner}
    found = parse_event(event(**inner), contexts())
    assert not isinstance(found, ParsedEvent)
    assert len(found) == MAX_FAULTS
    assert all(fault.code == "unknown_prefix" and len(fault.pointer) < 1_000 for fault in found)


def test_a_name_of_a_field_has_at_most_2000_characters() -> None:
    """Security rule L5."""
    found = parse_event(event(**{"example:" + "n" * 2_000: 1}), contexts())
    assert not isinstance(found, ParsedEvent)
    assert [(fault.code, len(fault.pointer) < 1_000) for fault in found] == [("too_long", True)]
