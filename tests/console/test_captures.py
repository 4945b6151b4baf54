"""A person uploads an EPCIS document without script, and learns what is wrong with it and how to mend it."""

from __future__ import annotations

import csv
import gzip
import io
import random

import httpx
import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from console.test_carried_forms import end_sessions
from epcis.documents import CAPTURE, document, ended, invalid_event, new_id, object_event, stored
from harness.people import Person
from harness.world import World

PAGE = "/events/captures"


def upload(visitor: Visitor, content: bytes, *, name: str = "events.json", **values: str) -> httpx.Response:
    """Choose the file in the form and send it, as a browser does: the fields first."""
    fields = dict(visitor.fields(visitor.get(PAGE), PAGE)) | values
    fields.pop("file", None)
    return visitor.http.post(
        PAGE,
        data=fields,
        files={"file": (name, content, "application/json")},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )


def finished(world: World, visitor: Visitor, content: bytes, **values: str) -> httpx.Response:
    """The page of a capture that has ended."""
    sent = upload(visitor, content, **values)
    assert sent.status_code == 303, text_of(sent)
    address = sent.headers["location"]
    ended(world, f"{CAPTURE}/{address.rpartition('/')[2]}")
    return visitor.get(address)


def test_an_uploaded_document_is_captured(world: World, editor: Visitor) -> None:
    events = [object_event() for _ in range(3)]
    page = finished(world, editor, document(events), name="march.json")
    shown = text_of(page)
    assert "march.json" in shown
    assert "all events stored all events or none" in shown
    assert "Events read 3 Stored 3 Already stored 0 With a fault 0" in shown
    assert len(stored(world, [one["eventID"] for one in events])) == 3
    listed = text_of(editor.get(PAGE))
    assert "march.json all events stored 3 3 0 0" in listed
    link = f'href="{page.request.url.path}"'
    assert link in editor.get(f"/events/{events[0]['eventID']}").text
    again = text_of(finished(world, editor, document(events)))
    assert "Stored 0 Already stored 3" in again


def test_with_a_fault_nothing_is_stored_unless_the_others_are_chosen(world: World, editor: Visitor) -> None:
    good, bad = object_event(), invalid_event(new_id())
    page = finished(world, editor, document([good, bad]))
    shown = text_of(page)
    assert "nothing stored" in shown
    assert "No event of the document is stored" in shown
    assert f"No. 2, line 1 {bad['eventID']} /action action is required here. Add the field." in shown
    assert "Upload the corrected document" in shown
    assert stored(world, [good["eventID"]]) == []
    shown = text_of(finished(world, editor, document([good, bad]), onError="proceed"))
    assert "stored, except the events with a fault" in shown
    assert "The other events are stored." in shown
    assert len(stored(world, [good["eventID"]])) == 1


def test_the_faults_of_a_capture_are_a_file(world: World, editor: Visitor) -> None:
    wrong = [
        object_event("=1+1:x", bizStep="urn:epcglobal:cbv:bizstep:shipping"),
        object_event(eventTime="2026-03-01T10:00:00", epcList=["https://id.gs1.org/01/04006381333932/21/1"]),
        *[invalid_event() for _ in range(60)],
    ]
    page = finished(world, editor, document(wrong), onError="proceed")
    assert "The download has the faults of all events." in text_of(page)
    answer = editor.get(f"{page.request.url.path}/faults")
    assert answer.headers["content-disposition"] == 'attachment; filename="faults.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert {row["number"] for row in rows} == {str(number) for number in range(1, 63)}
    assert rows[0]["eventID"].startswith("'="), "no spreadsheet calculates it"
    assert all(row["what_is_wrong"] and row["how_to_mend"] and row["code"] for row in rows)
    of_second = {row["pointer"] for row in rows if row["number"] == "2"}
    assert "/eventTime" in of_second


XML = b'<?xml version="1.0"?>\n<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"/>'
XLSX = b"PK\x03\x04....[Content_Types].xml....xl/"
XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
BOM = b"\xef\xbb\xbf"
GOOD = document([object_event()])
BROKEN = GOOD.replace(b'"type": "EPCISDocument", ', b'"type": "EPCISDocument",\n "x:y": "a"\n ')
SAVED_BY_SPREADSHEET = b'"' + GOOD.replace(b'"', b'""') + b'"\r\n'


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(XML, "This is an XML file. Events are captured from JSON here", id="xml"),
        pytest.param(XLSX, "The file is an Excel workbook (.xlsx). Upload an EPCIS 2.0", id="xlsx"),
        pytest.param(XLS, "The file is an Excel workbook (.xls).", id="xls"),
        pytest.param(b"%PDF-1.7\n", "The file is a PDF. Upload an EPCIS 2.0 document in JSON.", id="pdf"),
        pytest.param(b"epc;step;time\r\n1;2;3\r\n", "This is a table or another text, not JSON.", id="csv"),
        pytest.param(SAVED_BY_SPREADSHEET, "A spreadsheet program saved this document", id="spreadsheet"),
        pytest.param(BOM + SAVED_BY_SPREADSHEET, "A spreadsheet program saved", id="spreadsheet-bom"),
        pytest.param(b"", "The file is empty.", id="empty"),
        pytest.param(BROKEN, "The JSON is broken at line 3, column 2: a comma, a colon or", id="comma"),
        pytest.param(GOOD[:-1], "the document ends too early; a bracket is not closed", id="cut"),
        pytest.param(GOOD[:-1] + b",}", "remove the comma after the last entry", id="trailing-comma"),
        pytest.param(b"[1, 2]", "The document must be a JSON object, an EPCISDocument.", id="array"),
        pytest.param(b'{"type": "ObjectEvent"}', "must be EPCISDocument or EPCISQueryDocument", id="event"),
        pytest.param(GOOD.replace(b'"2.0"', b'"1.2"'), "schemaVersion must be 2.0.", id="version"),
        pytest.param(GOOD.replace(b"shipping", b"\xff"), "The document is not JSON in UTF-8.", id="not-utf8"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_explained(editor: Visitor, content: bytes, message: str) -> None:
    answer = upload(editor, content, onError="proceed")
    assert answer.status_code == 422, text_of(answer)
    assert message in text_of(answer)
    assert '<a href="#file">' in answer.text
    assert 'value="proceed" checked' in answer.text, "what was chosen is kept"


@pytest.mark.any_engine
@pytest.mark.parametrize("coding", ["bom", "utf-16", "gzip"])
def test_documents_of_editors_and_archives_are_read(world: World, editor: Visitor, coding: str) -> None:
    content = document([object_event()])
    sent = {
        "bom": BOM + content,
        "utf-16": content.decode().encode("utf-16"),
        "gzip": gzip.compress(content),
    }[coding]
    assert "all events stored" in text_of(finished(world, editor, sent))


@pytest.mark.any_engine
def test_a_document_that_is_too_large_is_refused(editor: Visitor) -> None:
    chance = random.Random(1)
    filling = b"".join(chance.randbytes(400).hex().encode() + bytes(30_000).replace(b"\0", b"0") for _ in range(3_500))
    content = gzip.compress(GOOD[:-1] + b', "ex:x": "' + filling, 1)
    answer = upload(editor, content)
    assert answer.status_code == 413, text_of(answer)
    assert "The document is larger than 100 MB. Divide it" in text_of(answer)


@pytest.mark.any_engine
def test_an_unknown_choice_is_refused(editor: Visitor) -> None:
    answer = upload(editor, GOOD, onError="maybe")
    assert answer.status_code == 422
    assert "Choose one of the two." in text_of(answer)


def test_the_page_of_a_running_capture_refreshes_itself(world: World, editor: Visitor) -> None:
    sent = upload(editor, document([object_event() for _ in range(6_000)]), onError="proceed")
    page = editor.get(sent.headers["location"])
    if "data-live" in page.text:
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page.text
    ended(world, f"{CAPTURE}/{sent.headers['location'].rpartition('/')[2]}")
    page = editor.get(sent.headers["location"])
    assert "data-live" not in page.text
    assert "Stored 6,000" in text_of(page)
    assert "Events per second" in text_of(page)


def test_a_broken_end_of_a_large_document_is_told_by_its_job(world: World, editor: Visitor) -> None:
    events = [object_event(**{"urn:example:filling": "x" * 900}) for _ in range(1_500)]
    page = finished(world, editor, document(events)[:-3])
    shown = text_of(page)
    assert "nothing stored" in shown
    assert "This is not valid JSON" in shown
    assert "Upload the corrected document" in shown


def test_viewers_neither_upload_nor_see_captures(world: World, new_visitor: NewVisitor) -> None:
    visitor = new_visitor(world.person("VIEWER"))
    assert "Upload a document" not in visitor.get("/events").text
    assert visitor.get(PAGE).status_code == 403


def test_an_upload_after_the_session_ended_keeps_the_choice(world: World, visit: tuple[Person, Visitor]) -> None:
    person, visitor = visit
    csrf = visitor.csrf(PAGE)
    end_sessions(world, person)
    answer = visitor.http.post(
        PAGE,
        data={"csrf": csrf, "onError": "proceed"},
        files={"file": ("events.json", document([object_event()]), "application/json")},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )
    assert answer.status_code == 303
    asked = visitor.get(answer.headers["location"])
    inside = visitor.fill(asked, "/sign-in", email=person.email, password=person.password)
    page = visitor.get(inside.headers["location"])
    assert "Choose the file again; your other choices are kept." in text_of(page)
    assert 'value="proceed" checked' in page.text


def test_older_captures_are_on_the_next_page(world: World, editor: Visitor) -> None:
    for number in range(26):
        finished(world, editor, document([object_event()]), name=f"page-{number}.json")
    first = editor.get(PAGE)
    assert "page-25.json" in text_of(first)
    assert "page-0.json" not in text_of(first)
    position = first.text.partition('rel="next" href="')[2].partition('"')[0]
    older = editor.get(PAGE + position)
    assert "page-0.json" in text_of(older)
    assert "Newest" in text_of(older)
