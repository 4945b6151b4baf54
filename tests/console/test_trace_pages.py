"""The pages of traceability: a search that reads what is pasted, a drawing and a table, and the page of an item."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from urllib.parse import quote

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.world import World
from linkxg.console.trace_view import item_address
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.model import Item
from network.partners import confirm_gln
from network.sharing import connection_of, post_share
from products.catalogue import body, complete
from traceability.chain import T0, crate, lot, made, packed, party, seen
from traceability.test_routes import capture, new_lots

PAGE = "/traceability"
pytestmark = pytest.mark.usefixtures("without_shares")


def trace(visitor: Visitor, text: str, query: str = "", *, status: int = 200) -> str:
    answer = visitor.get(f"{PAGE}?q={quote(text, safe='')}{query}")
    assert answer.status_code == status, text_of(answer)
    return unescape(answer.text)


def drawn(page: str) -> list[str]:
    """What the drawing says of each item."""
    return re.findall(r'<(?:a|g) class="node[^>]*aria-label="([^"]*)"', page)


def rows(page: str) -> int:
    table = page[page.index('id="table"') : page.index("</table>")]
    return table.count("<tr id=")


@pytest.fixture
def chain(world: World) -> list[Item]:
    """Three lots, each made of the one before."""
    lots = new_lots(3)
    capture(world, world.account.account_id, *(made([one], [other], at=at) for at, (one, other) in enumerate(
        [(lots[0], lots[1]), (lots[1], lots[2])])))  # fmt: skip
    return lots


def test_a_trace_is_drawn_and_listed(world: World, editor: Visitor, chain: list[Item]) -> None:
    page = trace(editor, chain[1].uri)
    said = drawn(page)
    assert len(said) == rows(page) == 3
    for item in chain:
        assert any(f"Lot {item.lot}" in one for one in said)
        assert f'href="{item_address(item.uri)}"' in page
    assert page.count('class="edge transformed"') == 2
    assert "1 step before" in page
    assert "1 step after" in page
    source = re.search(r'made of <a href="#(n[0-9]+)"', page[page.index(f"Lot {chain[1].lot}</bdi>") :])
    assert source
    assert f"Lot {chain[0].lot}" in page[page.index(f'id="{source[1]}"') :].partition("</tr>")[0]
    assert "commissioning" in page


@pytest.mark.parametrize(
    "form",
    [
        "https://example.com/path/01/{gtin}/10/{lot}",
        "urn:epc:class:lgtin:9520000.000217.{lot}",
        "(01){gtin}(10){lot}",
        "]d2(01){gtin} (10){lot}",
        "{gtin} lot {lot}",
        "{gtin13} batch: {lot}",
        "{gtin}, LOT {lot}",
    ],
)
def test_an_item_is_found_as_it_is_pasted(world: World, editor: Visitor, chain: list[Item], form: str) -> None:
    item = chain[0]
    gtin = str(item.gtin14)
    page = trace(editor, form.format(gtin=gtin, gtin13=gtin[1:], lot=item.lot))
    assert len(drawn(page)) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("something", "This identifier cannot be traced."),
        ("09520000002177 lot A", "09520000002177 is not a valid GTIN."),
        ("09520000002176 ABC", "Is ABC a lot or a serial?"),
        ("09520000002176", "is a product, and a trace is of one lot or serial"),
        ("urn:epc:id:sgtin:1.2", "must have 3 parts"),
    ],
)
def test_what_is_no_item_says_how_to_go_on(editor: Visitor, text: str, message: str) -> None:
    answer = editor.get(f"{PAGE}?q={quote(text, safe='')}")
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert f'value="{text}"' in answer.text
    assert "<title>Error: " in answer.text


def test_a_uri_of_ones_own_is_an_item_that_may_be_unknown(editor: Visitor) -> None:
    page = trace(editor, "https://example.com/none", status=404)
    assert "No event of yours is about this item." in page


def test_a_product_alone_lists_its_lots(world: World, editor: Visitor, chain: list[Item]) -> None:
    page = trace(editor, str(chain[0].gtin14), status=422)
    assert "Lots and serials that your events are about" in page
    choice = trace(editor, f"{chain[0].gtin14} {chain[0].lot}", status=422)
    found = re.search(r'<a href="([^"]*lot\+[^"]*)"', choice)
    assert found
    assert len(drawn(unescape(editor.get(found[1]).text))) == 3


def test_an_unknown_item_is_not_found(editor: Visitor) -> None:
    assert "No event of yours" in trace(editor, "urn:test:none", status=404)


def test_direction_steps_and_day_narrow_the_trace(world: World, editor: Visitor, chain: list[Item]) -> None:
    assert len(drawn(trace(editor, chain[1].uri, "&direction=upstream"))) == 2
    assert len(drawn(trace(editor, chain[2].uri, "&direction=upstream&depth=1"))) == 2
    # Nothing had been recorded by then.
    assert len(drawn(trace(editor, chain[1].uri, "&day=2020-01-01"))) == 1
    assert "Enter a day such as" in trace(editor, chain[1].uri, "&day=yesterday", status=422)


def test_a_trace_that_is_cut_says_so_and_how_to_narrow(world: World, editor: Visitor) -> None:
    whole, name = new_lots(1)[0], uuid7()[-12:]
    parts = [lot(f"{name}-{number}") for number in range(120)]
    capture(world, world.account.account_id, made([whole], parts))
    page = trace(editor, whole.uri)
    assert len(drawn(page)) == rows(page) == 50
    assert "This is not all of it." in page
    assert "Only what was made of it" in page
    wide = trace(editor, whole.uri, "&nodes=250")
    assert len(drawn(wide)) == 121
    assert "This is not all of it." not in wide


def test_the_downloads_are_those_of_the_api(world: World, editor: Visitor, chain: list[Item]) -> None:
    query = f"?q={quote(chain[1].uri, safe='')}&direction=upstream"
    found = editor.get(f"{PAGE}/graph.json{query}")
    assert found.headers["content-disposition"] == 'attachment; filename="graph.json"'
    at_api = world.api.get(
        f"/traceability/graph?item={quote(chain[1].uri, safe='')}&direction=upstream&maxNodes=5000",
        bearer=world.owner.access,
    )
    assert found.json()["data"] == at_api.data()
    table = editor.get(f"{PAGE}/graph.csv{query}")
    lines = list(csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert [(line["from"], line["to"]) for line in lines] == [(chain[0].uri, chain[1].uri)]
    document = json.loads(editor.get(f"{PAGE}/graph.jsonld{query}").text)
    assert document["type"] == "EPCISQueryDocument"
    refused = editor.get(f"{PAGE}/graph.csv?q=none")
    assert (refused.status_code, refused.headers["location"].partition("?")[0]) == (303, PAGE)


def test_a_hidden_company_is_drawn_with_its_reason_and_a_way_to_ask(
    world: World, editor: Visitor, new_visitor: NewVisitor
) -> None:
    connection = connection_of(world)
    gln = "4012345000009"
    world.api.patch("/account", bearer=world.other_owner.access, json={"gln": gln}).expect(200)
    confirm_gln(world, world.owner, connection, gln).expect(200)
    cloth, shirt = new_lots(2)
    values = [("source_possessing_party", party(gln))]
    capture(world, world.account.account_id, seen([cloth], values=values), made([cloth], [shirt], at=1))
    page = trace(editor, shirt.uri)
    assert any("not shared with you" in one for one in drawn(page))
    ask = f"/partners/{connection}/ask?type=TRACE&subject={quote(cloth.uri, safe='')}"
    assert f'href="{ask}"' in page
    form = dict(editor.fields(editor.get(ask)))
    assert (form["type"], form["subject"]) == ("TRACE", cloth.uri)
    viewer = new_visitor(world.person("VIEWER"))
    seen_by_viewer = trace(viewer, shirt.uri)
    assert f"/partners/{connection}/ask" not in seen_by_viewer
    assert "An Owner or Admin can ask" in seen_by_viewer
    cloth, shirt = new_lots(2)
    values = [("source_possessing_party", party("4012345000078"))]
    capture(world, world.account.account_id, seen([cloth], values=values), made([cloth], [shirt], at=1))
    strange = trace(editor, shirt.uri)
    assert any("not a partner of yours" in one for one in drawn(strange))
    assert "/ask?" not in strange


def test_items_of_a_partner_are_drawn_with_their_company(world: World, editor: Visitor) -> None:
    connection_of(world)
    theirs = world.other_owner.access
    product = world.api.post("/products", bearer=theirs, json=body(**complete())).expect(201).data()
    world.api.post(f"/products/{product['id']}/publish", bearer=theirs).expect(200)
    terms = {"type": "PRODUCT", "productId": product["id"], "traceability": "GRAPH", "traceTiers": 1}
    post_share(world, bearer=theirs, **terms).expect(201)
    name = uuid7()[-10:]
    field, yarn, shirt = (lot(f"{kind}{name}") for kind in "FYS")
    cloth = lot(f"C{name}", product["gtin"].zfill(14))
    capture(world, world.other.account_id, made([field], [yarn]), made([yarn], [cloth], at=1))
    capture(world, world.account.account_id, seen([cloth], at=2), made([cloth], [shirt], at=3))
    page = trace(editor, shirt.uri)
    said = drawn(page)
    assert any(f"Lot {yarn.lot}, {world.other.name}" in one for one in said)
    assert 'class="node lot theirs"' in page
    assert str(field.lot) not in page
    assert any("not shared with you" in one for one in said)
    assert editor.get(f"{PAGE}/item?item={quote(yarn.uri, safe='')}").status_code == 404


def test_a_cycle_is_drawn(world: World, editor: Visitor) -> None:
    one, other = new_lots(2)
    capture(world, world.account.account_id, made([one], [other]), made([other], [one], at=1))
    assert len(drawn(trace(editor, one.uri))) == 2


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("quantity", "unit", "text"),
    [
        (1_234_567, None, "1,234,567 pieces"),
        (999_999.6, "KGM", "1,000,000 kg"),
        (1_200.5, "MTR", "1,200.5 m"),
        (1, "EA", "1 piece"),
    ],
)
def test_quantities_are_written_alike_on_the_pages_of_traces_and_recalls(
    world: World, editor: Visitor, quantity: float, unit: str | None, text: str
) -> None:
    item, cotton = new_lots(2)
    quantities = {item.uri: (quantity, unit)}
    capture(world, world.account.account_id, made([cotton], [item], quantities=quantities))
    assert text in trace(editor, item.uri)
    assert text_of(editor.get(f"{PAGE}/recalls/new?items={quote(item.uri, safe='')}")).count(text) == 2


def test_markup_in_identifiers_stays_text(world: World, editor: Visitor) -> None:
    item, made_of_it = crate("<script>alert(1)</script>&\"'"), new_lots(1)[0]
    capture(world, world.account.account_id, made([item], [made_of_it]))
    answer = editor.get(f"{PAGE}?q={quote(made_of_it.uri, safe='')}")
    assert "<script>alert" not in answer.text
    assert "alert(1)" in answer.text
    page = editor.get(f"{PAGE}/item?item={quote(item.uri, safe='')}")
    assert "<script>alert" not in page.text


def test_the_page_of_an_item_says_where_it_is_and_what_happened(world: World, editor: Visitor) -> None:
    box, item = crate(new_lots(1)[0].lot or ""), new_lots(1)[0]
    capture(
        world,
        world.account.account_id,
        made([lot("X")], [item]),
        packed([item], box, at=1),
        seen([box], at=2, step="shipping", disposition="in_transit", read_point="https://id.gs1.org/414/9520000000011"),
    )
    answer = editor.get(f"{PAGE}/item?item={quote(item.uri, safe='')}")
    said = text_of(answer)
    assert "in transit" in said
    assert "Where GLN 9520000000011" in said
    assert "by its container" in said
    assert re.search(r"Container \S*urn:test:crate\S* ?: shipped at GLN 9520000000011 ?, then in transit", said)
    assert re.search(r"Packed ?\.", said)
    assert re.search(r"Created ?\.", said)
    assert re.search(r'<a href="/events/urn[^"]+">Packed</a>', answer.text), "an own event leads to its page"
    assert f'href="{item_address(box.uri)}"' in unescape(answer.text)
    assert f"/traceability?q={quote(item.uri, safe='/')}" in unescape(answer.text)
    assert "No event was recorded by then." in text_of(
        editor.get(f"{PAGE}/item?item={quote(item.uri, safe='')}&day=2020-01-01")
    )


def test_a_timeline_goes_on_over_pages(world: World, editor: Visitor) -> None:
    item = new_lots(1)[0]
    capture(world, world.account.account_id, *(seen([item], at=at, step="storing") for at in range(60)))
    path = f"{PAGE}/item?item={quote(item.uri, safe='')}"
    first = editor.get(path)
    assert first.text.count("Stored") == 50
    older = re.search(r'rel="next" href="([^"]*)"', first.text)
    assert older
    second = editor.get(unescape(older[1]))
    assert second.text.count("Stored") == 10
    assert "Newest" in text_of(second)


def test_what_is_no_item_of_the_account_has_no_page(world: World, editor: Visitor, new_visitor: NewVisitor) -> None:
    item = new_lots(1)[0]
    capture(world, world.account.account_id, seen([item]), record_time=T0)
    path = f"{PAGE}/item?item={quote(item.uri, safe='')}"
    assert editor.get(path).status_code == 200
    stranger = new_visitor(world.other.owner)
    answers = [stranger.get(path), stranger.get(f"{PAGE}/item?item=urn:test:none")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("No event that you see is about this item" in answer.text for answer in answers)
    for query in ("?item=text", "?item=urn:test:none"):
        assert editor.get(f"{PAGE}/item{query}").status_code == 404
    assert editor.get(f"{PAGE}/item").headers["location"] == PAGE
