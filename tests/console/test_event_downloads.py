"""The download of what the events page finds has all of its pages, in one EPCIS document that can be captured."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from console.browser import Visitor
from console.conftest import NewVisitor
from epcis.captured import event, unique
from epcis.documents import CONTEXT, captured, document
from harness.rows import count_rows
from harness.world import World
from linkxg.network.epcis.page_tokens import MAX_PER_PAGE

_EXAMPLE = {"ex": "https://one.example.test/"}


def events_of(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def test_a_download_has_the_events_of_all_pages_latest_first(world: World, editor: Visitor) -> None:
    epc, count = unique("many"), MAX_PER_PAGE + 3
    made = [event(epcList=[epc], eventTime=f"2026-03-01T{at // 60:02d}:{at % 60:02d}:00Z") for at in range(count)]
    captured(world, document(made))
    search = urlencode({"q": epc})
    assert f'href="/events/document?{search}"'.replace("&", "&amp;") in editor.get(f"/events?{search}").text
    answer = editor.get(f"/events/document?{search}")
    assert answer.headers["content-disposition"] == 'attachment; filename="events.json"'
    found = events_of(answer.text)
    assert [one["eventID"] for one in found] == [one["eventID"] for one in reversed(made)]


def test_an_event_of_a_later_page_has_the_context_that_it_needs(world: World, editor: Visitor) -> None:
    """The head is sent before the later pages are read."""
    epc = unique("contexts")
    old = event(epcList=[epc], eventTime="2026-01-01T00:00:00Z", **{"ex:note": "old"})
    other = event(epcList=[epc], eventTime="2026-01-02T00:00:00Z", **{"ex:note": "other"})
    many = [event(epcList=[epc]) for _ in range(MAX_PER_PAGE)]
    captured(world, document(many))
    for made, prefix in ((old, _EXAMPLE), (other, {"ex": "https://two.example.test/"})):
        body = {"@context": [CONTEXT, prefix], **made}
        world.api.post("/epcis/events", bearer=world.owner.access, json=body).expect(201)
    text = editor.get(f"/events/document?{urlencode({'q': epc})}").text
    *_, second, first = events_of(text)
    assert first["eventID"] == old["eventID"]
    assert _EXAMPLE in first["@context"]
    assert {"ex": "https://two.example.test/"} in second["@context"]
    again = captured(world, text.encode(), by=world.other_owner)
    assert again["success"], "another account can capture it"


def test_an_empty_search_is_a_document_without_events(editor: Visitor) -> None:
    assert events_of(editor.get(f"/events/document?{urlencode({'q': unique('none')})}").text) == []


def test_a_search_with_faults_is_shown_instead(editor: Visitor) -> None:
    answer = editor.get("/events/document?q=12345&from=tomorrow")
    assert answer.status_code == 303
    assert editor.get(answer.headers["location"]).status_code == 422


def test_the_document_of_an_event_has_all_of_its_declarations(world: World, editor: Visitor) -> None:
    made = event()
    count = MAX_PER_PAGE + 2
    declared = [
        made | {"errorDeclaration": {"declarationTime": f"2026-03-05T{at // 60:02d}:{at % 60:02d}:00Z"}}
        for at in range(count)
    ]
    captured(world, document([made, *declared]))
    assert count_rows(world.server.database, f"epcis_events where event_id = '{made['eventID']}'") == count + 1
    found = events_of(editor.get(f"/events/{quote(made['eventID'])}/document").text)
    assert len(found) == count + 1
    assert ["errorDeclaration" in one for one in found] == [False] + [True] * count


def test_no_event_of_another_account_is_downloaded(world: World, new_visitor: NewVisitor) -> None:
    epc = unique("theirs")
    captured(world, document([event(epcList=[epc])]), by=world.other_owner)
    viewer = new_visitor(world.person("VIEWER"))
    assert events_of(viewer.get(f"/events/document?{urlencode({'q': epc})}").text) == []
