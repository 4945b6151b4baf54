"""A dropped EPCIS document is uploaded and its page reports the end by itself; by keyboard, an event is found."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.conftest import OpenPage
from browser.test_imports import DROP
from epcis.documents import document, invalid_event, new_id, object_event
from harness.people import Person
from harness.world import World


def test_a_dropped_document_is_captured_and_its_faults_are_downloaded(
    site: World, open_page: OpenPage, someone: Person
) -> None:
    page = open_page(someone)
    bad = new_id()
    page.goto("/events/captures")
    page.evaluate(DROP, ["march.json", document([object_event(), invalid_event(bad)]).decode()])
    expect(page.locator("#announcer")).to_have_text("march.json chosen")
    page.get_by_label("Store the other events").check()
    page.get_by_role("button", name="Upload document").click()
    # Nobody reloads: the page looks by itself until the capture has ended.
    expect(page.get_by_text("stored, except the events with a fault")).to_be_visible(timeout=20_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the faults").click()
    assert bad in download.value.path().read_text()


def test_an_event_is_found_by_keyboard_alone(site: World, open_page: OpenPage, someone: Person) -> None:
    event = object_event(bizStep="storing")
    page = open_page(someone)
    page.goto("/events/captures")
    page.get_by_label("EPCIS document").set_input_files(
        {"name": "one.json", "mimeType": "application/json", "buffer": document([event])}
    )
    page.get_by_role("button", name="Upload document").press("Enter")
    page.get_by_role("link", name="Show all events").press("Enter")
    page.get_by_label("Item", exact=True).focus()
    page.keyboard.type(event["epcList"][0])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Stored").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Stored GTIN 10614141073464, serial")
    page.get_by_text("The event as it was captured").press("Enter")
    expect(page.get_by_text('"bizStep": "storing"')).to_be_visible()
