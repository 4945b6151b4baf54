"""The pages of events: a sentence for each, found by whatever a person pastes, and read in their time zone."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from epcis.captured import capture, event, unique
from epcis.documents import captured, document
from harness.world import World
from linkxg.catalog.identifiers.check_digit import check_digit
from products.catalogue import new_gtin, published

MDA = "cbvmda:name"
MILL = {"id": "https://id.gs1.org/414/4000001000012", MDA: "Mill Porto"}
_NUMBERS = itertools.count(1)


def found_by(visitor: Visitor, **search: str) -> str:
    answer = visitor.get(f"/events?{urlencode(search)}")
    assert answer.status_code == 200, text_of(answer)
    return text_of(answer)


def new_sscc() -> str:
    digits = f"3400000{next(_NUMBERS):010d}"
    return digits + str(check_digit(digits))


def pallet() -> str:
    return f"https://id.gs1.org/00/{new_sscc()}"


def sentences() -> list[tuple[dict[str, Any], str]]:
    """Events, each with a parent or an EPC of its own, and the sentences that tell them."""
    gtin = f"0{new_gtin()}"
    pieces = [f"https://id.gs1.org/01/{gtin}/21/{number}" for number in range(24)]
    one, lot, parent = pieces[0], f"https://id.gs1.org/01/{gtin}/10/L-7", pallet()
    metres = [{"epcClass": lot, "quantity": 1_200.5, "uom": "MTR"}]
    sensor = {"sensorReport": [{"type": "Temperature", "minValue": 2, "maxValue": 7.5, "uom": "CEL"}]}
    order = [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:4000001000012:PO-9"}]
    bought = [{"type": "owning_party", "source": "https://id.gs1.org/417/4000001000012"}]
    aggregation = {"type": "AggregationEvent", "epcList": None, "parentID": parent, "readPoint": MILL}
    unit = f"logistic unit {parent[-18:]}"
    return [
        (event(**aggregation, action="ADD", bizStep="packing", childEPCs=pieces),
         f"Packed 24 × GTIN {gtin} into {unit} at Mill Porto"),
        (event(**aggregation, action="DELETE", childEPCs=[one]),
         f"Took GTIN {gtin}, serial 0 out of {unit} at Mill Porto"),
        (event(**aggregation, action="DELETE"), f"Emptied {unit} at Mill Porto"),
        (event(action="ADD", bizStep="commissioning", epcList=None, quantityList=metres),
         f"Created 1,200.5 m of GTIN {gtin}, lot L-7"),
        (event(bizStep="receiving", epcList=[one], sourceList=bought, readPoint=MILL),
         f"Received GTIN {gtin}, serial 0 at Mill Porto from GLN 4000001000012"),
        (event(type="TransformationEvent", action=None, epcList=None, inputQuantityList=metres,
               outputEPCList=pieces[:3]),
         f"Made 3 × GTIN {gtin} from 1,200.5 m of GTIN {gtin}, lot L-7"),
        (event(type="AssociationEvent", action="ADD", epcList=None, parentID=parent, childEPCs=[one], readPoint=MILL),
         f"Fitted GTIN {gtin}, serial 0 to {unit} at Mill Porto"),
        (event(type="TransactionEvent", action="ADD", epcList=[one], bizTransactionList=order),
         f"Linked GTIN {gtin}, serial 0 to purchase order PO-9"),
        (event(bizStep="storing", epcList=[one, parent], sensorElementList=[sensor]),
         "Stored 2 items, measuring 2 to 7.5 °C"),
        (event(epcList=[], sensorElementList=[sensor], readPoint=MILL), "Measured 2 to 7.5 °C at Mill Porto"),
        (event(bizStep="sensor_reporting", epcList=[one], sensorElementList=[sensor]),
         f"Measured 2 to 7.5 °C of GTIN {gtin}, serial 0"),
        (event(bizStep="https://example.com/steps/dyeing", epcList=[one]), f"Observed GTIN {gtin}, serial 0 (dyeing)"),
    ]  # fmt: skip


def test_each_event_is_one_sentence(world: World, editor: Visitor) -> None:
    for made, sentence in sentences():
        [event_id] = capture(world, made)
        assert f"{sentence} " in f"{text_of(editor.get(f'/events/{event_id}'))} ", made


def test_items_have_the_names_of_products(world: World, editor: Visitor) -> None:
    gtin = new_gtin()
    product = published(world, name="Linen shirt", gtin=gtin)
    item = f"https://id.gs1.org/01/0{gtin}/21/7"
    [event_id] = capture(world, event(bizStep="retail_selling", epcList=[item]))
    assert "Sold Linen shirt, serial 7" in found_by(editor, q=item)
    page = editor.get(f"/events/{event_id}").text
    assert f'href="/products/{product["id"]}"' in page
    assert f'href="/traceability/item?item={quote(item, safe="/:")}"' in page


def test_an_item_is_found_in_every_notation(world: World, editor: Visitor) -> None:
    gtin, serial = new_gtin(), "S-1"
    prefix = f"{gtin[:7]}.0{gtin[7:12]}"
    capture(world, event(bizStep="storing", epcList=[f"urn:epc:id:sgtin:{prefix}.{serial}"]))
    lot = {"epcClass": f"https://id.gs1.org/01/0{gtin}/10/L-1"}
    capture(world, event(bizStep="holding", epcList=None, quantityList=[lot]))
    sscc = new_sscc()
    capture(world, event(bizStep="loading", epcList=[f"urn:epc:id:sscc:{sscc[1:8]}.{sscc[0]}{sscc[8:17]}"]))
    stored, held, loaded = "Stored GTIN", "Held back GTIN", "Loaded logistic unit"
    for typed, expected in {
        f"urn:epc:id:sgtin:{prefix}.{serial}": {stored},
        f"https://id.gs1.org/01/0{gtin}/21/{serial}": {stored},
        f"https://shop.example/eu/01/{gtin}/21/{serial}": {stored},
        f"(01)0{gtin}(21){serial}": {stored},
        f" {gtin} {serial} ": {stored},
        f"{gtin} L-1": {held},
        f"urn:epc:idpat:sgtin:{prefix}.*": {stored, held},
        gtin: {stored, held},
        f"0{gtin[:6]} {gtin[6:]}": {stored, held},
        sscc: {loaded},
        f"(00){sscc}": {loaded},
    }.items():
        shown = found_by(editor, q=typed)
        assert {one for one in (stored, held, loaded) if one in shown} == expected, typed


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("q", "pallets of March", "This is no identifier of an item."),
        ("q", "4006381333932", "check digit"),
        ("q", "https://id.gs1.org/01/04006381333932", "check digit"),
        ("q", "(99)ABC", "An element string begins with a GS1 key"),
        ("from", "28.11.2026", "Write the day as YYYY-MM-DD"),
        ("to", "9999-12-31", "Write the day as YYYY-MM-DD"),
    ],
)
def test_a_search_that_cannot_be_read_is_explained_at_its_field(
    editor: Visitor, field: str, value: str, message: str
) -> None:
    answer = editor.get(f"/events?{urlencode({field: value})}")
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert re.search(rf'id="{field}"[^>]* aria-invalid="true"', answer.text)
    assert f'<a href="#{field}">' in answer.text


@pytest.mark.any_engine
def test_control_characters_of_a_search_are_replaced(editor: Visitor) -> None:
    for field in ("q", "from", "to"):
        answer = editor.get(f"/events?{urlencode({field: chr(11) + 'x'})}")
        assert "Your input contained control characters" in text_of(answer), field


def test_events_are_found_by_step_type_place_and_days(world: World, editor: Visitor) -> None:
    item = unique("epc")
    place = unique("place")
    at = {"readPoint": {"id": place}, "bizLocation": {"id": f"{place}-then"}}
    capture(world, event(epcList=[item], bizStep="packing", eventTime="2026-02-27T23:30:00Z"))
    capture(world, event(epcList=[item], bizStep="shipping", eventTime="2026-02-28T12:00:00Z", **at))
    capture(
        world,
        event(type="TransactionEvent", action="OBSERVE", epcList=[item], eventTime="2026-03-01T00:00:00Z",
              bizTransactionList=[{"bizTransaction": unique("order")}]),
    )  # fmt: skip
    told = {"packed": "Packed", "shipped": "Shipped", "linked": "Observed"}

    def kinds(**search: str) -> set[str]:
        shown = found_by(editor, q=item, **search)
        return {name for name, verb in told.items() if f"{verb} …" in shown or f"{verb} {item}" in shown}

    assert kinds() == {"packed", "shipped", "linked"}
    assert kinds(step="shipping") == {"shipped"}
    assert kinds(type="TransactionEvent") == {"linked"}
    assert kinds(type="errors") == set()
    assert kinds(place=f"r:{place}") == {"shipped"}
    assert kinds(place=f"l:{place}-then") == {"shipped"}
    assert kinds(place=f"l:{place}") == set()
    assert kinds(**{"from": "2026-02-28"}) == {"shipped", "linked"}
    assert kinds(to="2026-02-28") == {"packed", "shipped"}
    assert kinds(**{"from": "2026-02-28", "to": "2026-02-28"}) == {"shipped"}
    offered = editor.get("/events").text
    assert f'value="r:{place}"' in offered
    assert '<option value="shipping">Shipping</option>' in offered


def test_times_and_days_are_those_of_the_person(world: World, new_visitor: NewVisitor) -> None:
    person = world.person("OWNER")
    visitor = new_visitor(person)
    visitor.fill(visitor.get("/account/profile"), "/account/profile", time_zone="Asia/Tokyo")
    item = unique("epc")
    offset = {"eventTimeZoneOffset": "-03:30"}
    [event_id] = capture(world, event(epcList=[item], eventTime="2026-03-03T20:00:00Z", **offset))
    assert "4 Mar 2026, 05:00 JST" in found_by(visitor, q=item)
    assert "4 Mar 2026, 05:00 JST" in found_by(visitor, q=item, **{"from": "2026-03-04"})
    assert "No event found" in found_by(visitor, q=item, to="2026-03-03")
    assert "Days are in Asia/Tokyo" in found_by(visitor)
    page = text_of(visitor.get(f"/events/{event_id}"))
    assert "4 Mar 2026, 05:00 JST , by the clocks there 16:30 (-03:30)" in page


def test_earlier_events_are_on_the_next_page(world: World, editor: Visitor) -> None:
    item = unique("epc")
    times = [f"2026-03-01T10:00:{number:02d}Z" for number in range(60)]
    ids = capture(world, *(event(epcList=[item], eventTime=at) for at in times))
    seen: list[str] = []
    page, pages = f"/events?{urlencode({'q': item})}", 0
    while page:
        shown = editor.get(page)
        seen += re.findall(r'href="/events/(urn:example:event:[^"]+)"', shown.text)
        pages += 1
        older = re.search(r'rel="next" href="([^"]+)"', shown.text)
        page = older[1].replace("&amp;", "&") if older else ""
    assert seen == ids[::-1]
    assert pages == 3
    assert "Latest" in text_of(shown)
    # A position belongs to its search.
    other = editor.get(f"/events?{urlencode({'q': unique('epc'), 'after': 'forged'})}")
    assert "No event found" in text_of(other)


def test_an_error_declaration_is_beside_the_event_that_it_corrects(world: World, editor: Visitor) -> None:
    item = unique("epc")
    wrong, right = (event(epcList=[item], bizStep=step) for step in ("shipping", "storing"))
    declaration = {
        "declarationTime": "2026-03-05T09:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": [right["eventID"]],
    }
    capture(world, wrong, right, wrong | {"errorDeclaration": declaration})
    shown = found_by(editor, q=item)
    assert "declared wrong later" in shown
    assert "Declared wrong: shipped" in shown
    assert "Declared wrong: shipped" in found_by(editor, q=item, type="errors")
    page = editor.get(f"/events/{wrong['eventID']}")
    assert "This event is wrong Declared 5 Mar 2026, 09:00 UTC : The event has wrong data" in text_of(page)
    assert f'href="/events/{right["eventID"]}"' in page.text
    assert "This event is wrong" not in text_of(editor.get(f"/events/{right['eventID']}"))


def test_a_declaration_that_arrives_first_has_a_page(world: World, editor: Visitor) -> None:
    alone = event(errorDeclaration={"declarationTime": "2026-03-05T09:00:00Z"})
    capture(world, alone)
    page = text_of(editor.get(f"/events/{alone['eventID']}"))
    assert "The event that is declared wrong has not been captured." in page


def test_an_event_without_an_id_has_an_address(world: World, editor: Visitor) -> None:
    item = unique("epc")
    [event_id] = capture(world, event(eventID=None, epcList=[item]))
    assert event_id.startswith("ni:///sha-256;")
    listed = editor.get(f"/events?{urlencode({'q': item})}").text
    address = re.search(r'href="(/events/ni:[^"]+)"', listed)
    assert address is not None
    page = editor.get(address[1])
    assert page.status_code == 200
    assert event_id in text_of(page)
    downloaded = editor.get(f"{address[1]}/document")
    assert downloaded.headers["content-disposition"].startswith("attachment")
    [sent] = json.loads(downloaded.text)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert (sent["eventID"], sent["epcList"]) == (event_id, [item])
    assert editor.get("/events/urn:uuid:00000000-0000-0000-0000-000000000000").status_code == 404


def test_the_page_of_an_event_shows_every_member(world: World, editor: Visitor) -> None:
    item = f"https://id.gs1.org/01/0{new_gtin()}/21/1"
    made = event(
        epcList=[item], action="ADD", bizStep="commissioning", disposition="active", readPoint=MILL,
        bizLocation={"id": "https://id.gs1.org/414/4000001000012/254/7"},
        persistentDisposition={"set": ["completeness_verified"]},
        destinationList=[{"type": "possessing_party", "destination": "https://id.gs1.org/417/4000001000012"}],
        bizTransactionList=[{"type": "desadv", "bizTransaction": "urn:example:da:1"}],
        sensorElementList=[{
            "sensorMetadata": {"time": "2026-03-01T09:00:00Z", "deviceID": "https://id.gs1.org/8004/4000001S1"},
            "sensorReport": [{"type": "RelativeHumidity", "value": 58.25, "uom": "P1"},
                             {"type": "Temperature", "value": -2, "uom": "CEL"}],
        }],
        ilmd={"cbvmda:lotNumber": "L-9", "ex:care": {"ex:wash": [30, True]}},
        **{"ex:note": "<script>alert(1)</script>"},
    )  # fmt: skip
    capture(world, made)
    page = editor.get(f"/events/{made['eventID']}")
    shown = text_of(page)
    for part in (
        "Commissioning", "active", "completeness verified", "Mill Porto", "GLN 4000001000012, 7", "To (keeper)",
        "Dispatch advice urn:example:da:1", "Relative humidity 58.25 %", "Temperature -2 °C", "1 Mar 2026, 09:00 UTC",
        "cbvmda:lotNumber L-9", "ex:care › ex:wash 30", "ex:note <script>alert(1)</script>",
        "The event as it was captured",
    ):  # fmt: skip
        assert part in shown, part
    assert "<script>alert" not in page.text


def test_an_event_of_many_items_shows_the_first_and_their_number(world: World, editor: Visitor) -> None:
    items = [f"{unique('epc')}:{number}" for number in range(500)]
    [event_id] = capture(world, event(epcList=items, bizStep="shipping"))
    page = text_of(editor.get(f"/events/{event_id}"))
    assert "Shipped 500 items" in page
    assert "And 400 other items" in page


def test_the_capture_of_an_event_is_linked_for_those_who_may_see_it(world: World, new_visitor: NewVisitor) -> None:
    made = event()
    job = captured(world, document([made]))
    link = f'href="/events/captures/{job["captureID"]}"'
    for role, sees in {"MEMBER": True, "VIEWER": False}.items():
        page = new_visitor(world.person(role)).get(f"/events/{made['eventID']}")
        assert page.status_code == 200
        assert (link in page.text) == sees, role
        assert '<a href="/events"' in page.text
