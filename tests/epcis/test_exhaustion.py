"""Answers about one event, and the contexts of many, are bounded (security rule L5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from epcis.captured import capture, event, events_of, find, segment, unique
from epcis.test_query_pages import pages
from harness.world import World
from linkxg.network.epcis.documents.contexts import Contexts, read_contexts
from linkxg.network.epcis.query.model import EventQuery
from linkxg.network.epcis.query.parameters import read_query
from linkxg.network.epcis.query.query_document import write_document
from linkxg.network.epcis.query.store import FoundEvent, is_quick


def declared(one: dict[str, Any], second: int) -> dict[str, Any]:
    return one | {"errorDeclaration": {"declarationTime": f"2026-04-01T00:00:{second:02d}Z"}}


def test_declarations_of_an_event_are_read_in_pages(world: World) -> None:
    """Security rule L5: an event and all of its declarations, each up to the size of a document, were one answer."""
    one = event(epcList=[unique("epc")])
    capture(world, *(declared(one, second) for second in (3, 1, 2)), one)
    answers = pages(world, find(world, f"/events/{segment(one['eventID'])}", perPage=2))
    assert len(answers) == 2
    found = [each.get("errorDeclaration", {}) for answer in answers for each in events_of(answer)]
    times = [declaration.get("declarationTime", "") for declaration in found]
    assert [text[17:19] for text in times] == ["", "01", "02", "03"]


def test_the_context_of_an_answer_can_be_captured_again() -> None:
    """Security rule L5: contexts were compared with each other, and their sum was not bounded."""
    texts = [json.dumps([{f"p{number}": f"https://ns.example.com/{number}/"}]) for number in range(500)]
    document = json.loads(
        write_document([FoundEvent((1,), "urn:x:1", 1, b'{"a":1}', text) for text in texts], created=1)
    )
    assert isinstance(read_contexts(document["@context"]), Contexts)
    found = document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    given = [json.dumps(member) for one in found for member in one.get("@context", [])]
    given += [json.dumps(member) for member in document["@context"] if isinstance(member, dict)]
    assert sorted(given) == sorted(text[1:-1] for text in texts)


@pytest.mark.parametrize(
    ("name", "uri", "quick"),
    [
        ("MATCH_epc", "https://id.gs1.org/01/04012345123456/21/A", True),
        ("MATCH_epc", "https://id.gs1.org/01/04012345123456/10/A", False),
        ("MATCH_anyEPC", "urn:example:a", False),
        ("MATCH_epcClass", "https://id.gs1.org/01/04012345123456/10/A", True),
        ("MATCH_epcClass", "https://id.gs1.org/01/04012345123456/21/A", False),
        ("MATCH_anyEPCClass", "urn:example:a", False),
    ],
)
def test_a_query_that_may_pass_many_uses_of_the_other_kind_is_not_quick(name: str, uri: str, quick: bool) -> None:
    """Security rule L4: it is read off the event loop, with a deadline."""
    query = read_query({name: [uri]}, {})
    assert isinstance(query, EventQuery)
    assert is_quick(query) is quick
