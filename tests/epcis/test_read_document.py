"""The events of a document are read as a stream, in bounded memory, with the strictness of every other reader."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epcis.vectors import CONTEXT, event
from linkxg.jobs.lines import Unreadable
from linkxg.network.epcis.documents.read_document import EventTexts

HEAD = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-04T11:00:30Z"}
EVENTS = [
    event(eventID=f"urn:uuid:{number}", **{"example:text": 'brackets ]}{[ and "quotes" and ü'}) for number in range(5)
]
PREFIX = "https://ns.example.com/epcis/"


def document(body: Any = None, **changes: Any) -> dict[str, Any]:
    made = HEAD | {"epcisBody": {"eventList": EVENTS} if body is None else body} | changes
    return {name: value for name, value in made.items() if value is not None}


def read(text: str | bytes, size: int = 1 << 20) -> tuple[list[Any], EventTexts]:
    raw = text.encode() if isinstance(text, str) else text
    source = EventTexts(iter([raw[start : start + size] for start in range(0, len(raw), size)]))
    found = [json.loads(event) for _, event in source]
    assert source.bytes_read() == len(raw.rstrip())
    return found, source


@given(st.integers(1, 200), st.sampled_from([None, 1]))
def test_every_split_into_blocks_gives_the_same_events(size: int, indent: int | None) -> None:
    found, source = read(json.dumps(document(), indent=indent, ensure_ascii=False), size)
    assert found == EVENTS
    assert source.contexts.prefixes["example"] == PREFIX


@pytest.mark.parametrize(
    "made",
    [
        document({"event": EVENTS[0]}),
        document({"eventList": [EVENTS[0]]}, epcisHeader={"epcisMasterData": {"vocabularyList": []}}),
        document({"eventList": [EVENTS[0]], "example:x": {"a": [1]}}, **{"example:y": 1, "id": "urn:x:y"}),
        document(
            {"queryResults": {"queryName": "q", "resultsBody": {"eventList": [EVENTS[0]]}}}, type="EPCISQueryDocument"
        ),
        dict(sorted(document({"eventList": [EVENTS[0]]}).items())),
        dict(reversed(document({"eventList": [EVENTS[0]]}).items())),
    ],
)
def test_every_form_of_a_document_is_read(made: dict[str, Any]) -> None:
    for size in (7, 1 << 20):
        found, source = read(json.dumps(made), size)
        assert found == [EVENTS[0]]
        assert source.contexts.prefixes["example"] == PREFIX


def test_an_empty_list_of_events_is_read() -> None:
    assert read(json.dumps(document({"eventList": []})))[0] == []


def test_fields_that_a_repository_added_are_named() -> None:
    results = {"queryName": "q", "example:ignoreFields": ["example:captureID"], "resultsBody": {"eventList": EVENTS}}
    _, source = read(json.dumps(document({"queryResults": results}, type="EPCISQueryDocument")))
    assert source.contexts.ignored == {"example:captureID"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "object"),
        ("", "object"),
        ("{", "valid JSON"),
        (json.dumps(document()) + "x", "valid JSON"),
        (json.dumps(document())[:-1], "valid JSON"),
        (
            json.dumps(document()).replace(
                '"type": "EPCISDocument"', '"type": "EPCISDocument", "type": "EPCISDocument"'
            ),
            "repeated",
        ),
        (json.dumps(document({"eventList": [], "event": EVENTS[0]})), "more than one list"),
        (json.dumps(document({})), "no list of events"),
        (json.dumps(document({"eventList": {}})), "array"),
        (json.dumps(document([])), "object"),
        (json.dumps(document(type="ObjectEvent")), "EPCISDocument"),
        (json.dumps(document(type=None)), "type"),
        (json.dumps(document(schemaVersion="1.2")), "2.0"),
        (json.dumps(document(schemaVersion=None)), "schemaVersion"),
        (json.dumps(document(**{"@context": None})), "@context"),
        (json.dumps(document(**{"@context": 5})), "@context"),
        (json.dumps(document(other=1)), "other"),
        (json.dumps(document(epcisHeader={})).replace('"epcisHeader": {}', '"epcisHeader": {"a":NaN}'), "JSON"),
        (json.dumps(document(epcisHeader={})).replace('"epcisHeader": {}', '"epcisHeader": {"a":1,"a":2}'), "repeated"),
        (json.dumps(document(sender="x" * (2 << 20))), "1 MB"),
        ("[" * 100_000, "object"),
        ('{"@context":' + "[" * 100_000, "valid JSON"),
    ],
)
def test_a_malformed_document_is_unreadable(text: str, said: str) -> None:
    for size in (1_000, 1 << 20):
        with pytest.raises(Unreadable, match=said):
            read(text, size)


def _large(events: int, *, context_first: bool) -> Iterator[bytes]:
    one = json.dumps(event(**{"example:text": "x" * 500})).encode()
    head = (
        json.dumps(HEAD if context_first else HEAD | {"@context": None})[:-1].replace('"@context": null, ', "").encode()
    )
    yield head + b',"epcisBody":{"eventList":['
    batch = b",".join([one] * 1_000)
    for number in range(events // 1_000):
        yield (b"," if number else b"") + batch
    yield b"]}" + (b"}" if context_first else f',"@context":{json.dumps(CONTEXT)}}}'.encode())


def test_memory_is_bounded_for_a_large_document() -> None:
    tracemalloc.start()
    try:
        count = sum(1 for _ in EventTexts(_large(40_000, context_first=True)))
        assert count == 40_000
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_the_context_of_a_large_document_must_come_first() -> None:
    with pytest.raises(Unreadable, match="before epcisBody"):
        list(EventTexts(_large(10_000, context_first=False)))
