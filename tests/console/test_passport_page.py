"""The passport page of a product says what each role sees, what is missing, and who asks for access."""

from __future__ import annotations

import re
from html import unescape

import pytest

from console.browser import Visitor, text_of
from harness.rows import execute
from harness.world import World
from linkxg.console.passport_requests import mail_link
from linkxg.console.product_passport import place_of
from linkxg.network.passports.validation.model import error
from passports.granting import CONTENT
from passports.reading import issued
from passports.units import issue
from products.catalogue import create, published, withdraw
from races.things import insert_access_request


def test_the_page_compares_what_each_role_sees(world: World, owner: Visitor) -> None:
    product, passport_id = issued(world, **CONTENT)
    issue(world, product, {"lot": "<lot>"}).expect(201)
    insert_access_request(world, passport_id)
    try:
        page = owner.get(f"/products/{product['id']}/passport")
        assert page.status_code == 200
        text = page.text
        row = text.partition("<bdi>Brand</bdi>")[2].partition("</tr>")[0]
        assert row.count("Withheld") == 2
        assert row.count("Sees it") == 1
        assert f"/01/{product['gtin']}" in text
        assert "&lt;lot&gt;" in text
        waiting = text.partition('href="/requests/passports/')[2].partition("</tr>")[0]
        assert "Authority" in waiting
        assert "For us." in waiting
    finally:
        execute(world.server.database, "delete from passport_access_requests")


def test_the_page_of_a_withdrawn_passport_says_so_and_why(world: World, owner: Visitor) -> None:
    product, _ = issued(world)
    withdraw(world, product, 1, "The cells <overheat>.").expect(200)
    text = owner.get(f"/products/{product['id']}/passport").text
    assert "Version 1, withdrawn." in text
    assert "The cells &lt;overheat&gt;." in text
    assert "invalid" not in text


def test_a_product_without_a_passport_says_how_it_gets_one(world: World, owner: Visitor) -> None:
    page = owner.get(f"/products/{create(world)['id']}/passport")
    assert page.status_code == 200
    assert "has no passport" in page.text


def test_the_tab_says_what_is_missing_and_where_it_is_entered(world: World, owner: Visitor) -> None:
    made = create(world, brand="Acme", materials=[{"name": "Steel"}])
    page = owner.get(f"/products/{made['id']}/passport")
    assert f'href="/products/{made["id"]}#f-category.code"' in page.text
    assert f'href="/products/{made["id"]}#f-countryOfProduction"' in page.text
    assert "Enter it through the API or an import" in text_of(page)
    complete = published(world)
    assert "Nothing that UNTP requires" in text_of(owner.get(f"/products/{complete['id']}/passport"))
    hidden, _ = issued(world, access={"category": "authority"}, materials=[
        {"name": "Steel", "code": "41", "schemeId": "https://cpc.example/", "massFraction": 0.5, "originCountry": "SE"},
    ])  # fmt: skip
    said = text_of(owner.get(f"/products/{hidden['id']}/passport"))
    assert "a placeholder is shown" in said
    assert "The mass fractions add up to 0.5, which is less than 1." in said


def test_labels_are_printed_of_serials_of_a_batch_or_of_all(world: World, owner: Visitor) -> None:
    product, _ = issued(world)
    issue(world, product, {"serial": "<1>"}, {"serial": "2"}, {"lot": "B", "serial": "3"}, {"lot": "B"}).expect(201)
    address = f"/products/{product['id']}/passport/labels"
    for query, count, shown in (
        ("", 4, ("(21) &lt;1&gt;", "(10) B (21) 3")),
        ("?lot=&serials=2%0D%0A%3C1%3E", 2, ("(21) 2", "(21) &lt;1&gt;")),
        ("?lot=B", 1, ("(10) B",)),
        ("?lot=B&serials=3", 1, ("(10) B (21) 3",)),
    ):
        sheet = owner.get(address + query)
        assert sheet.status_code == 200
        assert sheet.headers["content-type"] == "text/html; charset=utf-8"
        assert sheet.text.count("<li><svg") == count
        assert all(one in sheet.text for one in shown)
        assert sheet.text.count("</svg><p>(") == count
        assert 'action="/sign-out"' in sheet.text
    missing = owner.get(f"{address}?serials=2+none")
    assert missing.status_code == 400
    assert "1 are of nothing that has a passport, the first in place 2" in missing.text
    assert "<title>Error: " in missing.text
    assert dict(owner.fields(missing, address, method="get")) == {"lot": "", "serials": "2 none"}
    assert owner.get(f"{address}?serials={'+'.join(['2'] * 201)}").status_code == 400
    assert owner.get(f"/products/{create(world)['id']}/passport/labels").status_code == 400
    plain, _ = issued(world)
    assert owner.get(f"/products/{plain['id']}/passport/labels").text.count("<li><svg") == 1


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/credentialSubject/materialProvenance/0/massFraction", "Materials 1, mass fraction"),
        ("/credentialSubject/performanceClaim/1/a~1b", "Claims 2, a/b"),
        ("/countryOfProduction", "Country of production"),
        ("/@context", "@context"),
        ("", "The whole passport"),
    ],
)
def test_findings_name_fields(pointer: str, place: str) -> None:
    assert place_of(error("schema", pointer, "m")) == place


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("lab@recycler.example", "mailto:lab@recycler.example"),
        ("a+b@x.example", "mailto:a%2Bb@x.example"),
        ("a?bcc=b@x.example", "mailto:a%3Fbcc%3Db@x.example"),
        ("a&cc=b@x.example", "mailto:a%26cc%3Db@x.example"),
        ("lab@recycler.example?bcc=x@y.example", ""),
        ("call 0123, ask for lab@x.example", ""),
        ("javascript:alert(1)", ""),
        ("a@b.example,c@d.example", ""),
        ("+49 40 1234", ""),
    ],
)
def test_the_contact_of_a_request_is_a_link_if_it_is_an_address(contact: str, link: str) -> None:
    """A comma or a question mark would add recipients."""
    assert mail_link(contact) == link


def test_passports_of_many_items_have_pages_and_are_found_by_batch_and_serial(world: World, owner: Visitor) -> None:
    product, _ = issued(world)
    units = [{"lot": "L-1"}, *({"lot": "L-1", "serial": f"S{number:03}"} for number in range(200))]
    made = issue(world, product, *units).expect(201).data()
    address = f"/products/{product['id']}/passport"
    seen, page = set(), owner.get(address)
    for _ in range(6):
        seen |= {one["id"] for one in made if f"/passport/units/{one['id']}" in page.text}
        further = re.search(r'rel="next" href="([^"]+)"', page.text)
        if further is None:
            break
        page = owner.get(unescape(further[1]))
    assert seen == {one["id"] for one in made}
    assert "First page" in page.text
    page = owner.get(f"{address}?lot=L-1&serial=S150")
    assert [one["serial"] for one in made if f"/passport/units/{one['id']}" in page.text] == ["S150"]
    assert 'value="S150"' in page.text
    assert "No passport found" in owner.get(f"{address}?serial=S999").text
    assert f"/passport/units/{made[0]['id']}" in owner.get(f"{address}?after=forged").text
    # A sheet has 200 labels: none of them is left out without a word.
    refused = owner.get(f"{address}/labels")
    assert refused.status_code == 400
    assert "at most 200 labels" in text_of(refused)
