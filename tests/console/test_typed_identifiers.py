"""What a person types as an item means the same on the page of events and on the page of traceability."""

from __future__ import annotations

from html import unescape
from urllib.parse import quote, urlencode

import pytest

from console.browser import Visitor, text_of
from harness.world import World
from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.console.trace_view import item_address
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.model import Item
from traceability.chain import seen
from traceability.test_routes import capture

pytestmark = pytest.mark.usefixtures("without_shares")
_GTIN = "09520000002176"
_SSCC = "34000001234567890"


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("(8006)095200000021760102(21){n}", "8006/095200000021760102/21/{n}"),
        ("(8006)095200000021760102(21){n}(10)L(22)V", "8006/095200000021760102/22/V/10/L/21/{n}"),
        ("(8006)095200000021760102(17)300101(10){n}", "8006/095200000021760102/10/{n}"),
        ("(414)9520000000011(254){n}", "414/9520000000011/254/{n}"),
        ("(8010)9520000{n}(8011)7", "8010/9520000{n}/8011/7"),
        ("(8004)9520000{n}", "8004/9520000{n}"),
        ("]C1(01)09520000002176(21){n}", "01/09520000002176/21/{n}"),
        ("(01)9520000002176(21){n}(10)L", "01/09520000002176/10/L/21/{n}"),
        ("010952000000217621{n}", "01/09520000002176/21/{n}"),
        ("010952000000217610F-{n}", "01/09520000002176/10/F-{n}"),
        ("]d2010952000000217617301231" + "10{n}\x1d21S7", "01/09520000002176/10/{n}/21/S7"),
        ("9520000002176 lot {n}", "01/09520000002176/10/{n}"),
        ("09520000002176 lot {n}", "01/09520000002176/10/{n}"),
        ("0952000 0002176, Batch: {n}", "01/09520000002176/10/{n}"),
        ("0-9520000-00217-6 S/N {n}", "01/09520000002176/21/{n}"),
        ("09520000002176 serial no. {n}", "01/09520000002176/21/{n}"),
        ("HTTPS://example.com/a/01/9520000002176/10/{n}", "01/09520000002176/10/{n}"),
        ("urn:epc:id:giai:9520000.{n}", "8004/9520000{n}"),
    ],
)
def test_an_identifier_is_the_same_item_on_the_pages_of_traces_recalls_and_events(
    world: World, editor: Visitor, typed: str, path: str
) -> None:
    number = uuid7()[-12:].upper()
    item = identify("https://id.gs1.org/" + path.format(n=number))
    assert isinstance(item, Item)
    capture(world, world.account.account_id, seen([item], step="storing"))
    text = typed.format(n=number)
    trace = editor.get(f"/traceability?{urlencode({'q': text})}")
    assert trace.status_code == 200, text_of(trace)
    assert f'href="{item_address(item.uri)}"' in unescape(trace.text)
    recall = editor.get(f"/traceability/recalls/new?{urlencode({'items': text})}")
    assert f'href="{item_address(item.uri)}"' in unescape(recall.text)
    events = editor.get(f"/events?{urlencode({'q': text})}")
    assert events.status_code == 200, text_of(events)
    assert "Stored" in text_of(events)


@pytest.mark.any_engine
@pytest.mark.parametrize("separator", [" ", "\u00a0", "\u2011", "-"])
def test_the_digits_of_a_key_may_be_grouped_on_both_pages(world: World, editor: Visitor, separator: str) -> None:
    digits = _SSCC + str(check_digit(_SSCC))
    text = separator.join((digits[:1], digits[1:8], digits[8:]))
    for page in ("/traceability", "/events"):
        answer = editor.get(f"{page}?q={quote(text, safe='')}")
        assert answer.status_code != 422, text_of(answer)


@pytest.mark.any_engine
@pytest.mark.parametrize("page", ["/traceability", "/events"])
@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("(99)ABC", "An element string begins with a GS1 key"),
        ("(01)09520000002177(10)L", "check digit"),
        ("(01)09520000002176(10)L(10)M", "each at most once"),
        ("340000012345678901", "check digit"),
        ("09520000002177", "09520000002177 is not a valid GTIN."),
        ("09520000002177 lot A", "09520000002177 is not a valid GTIN."),
        ("09520000002176 lot " + "A" * 21, "too long"),
        ("A" * 2_001, "at most 2,000 characters"),
    ],
)
def test_a_wrong_identifier_has_the_same_fault_on_both_pages(
    editor: Visitor, page: str, typed: str, message: str
) -> None:
    answer = editor.get(f"{page}?{urlencode({'q': typed})}")
    assert answer.status_code == 422
    assert message in text_of(answer)


@pytest.mark.any_engine
def test_a_number_that_may_be_lot_or_serial_finds_both_and_is_asked_for_a_trace(world: World, editor: Visitor) -> None:
    number = uuid7()[-12:].upper()
    for ai, step in (("10", "storing"), ("21", "packing")):
        item = identify(f"https://id.gs1.org/01/{_GTIN}/{ai}/{number}")
        assert isinstance(item, Item)
        capture(world, world.account.account_id, seen([item], step=step))
    for text in (f"{_GTIN} {number}", f"{_GTIN}/{number}", f"{_GTIN}, {number}"):
        events = text_of(editor.get(f"/events?{urlencode({'q': text})}"))
        assert ("Stored" in events, "Packed" in events) == (True, True), text
        trace = editor.get(f"/traceability?{urlencode({'q': text})}")
        assert trace.status_code == 422
        assert f"Is {number} a lot or a serial?" in text_of(trace)
