"""The passport page of a product says what each role sees, what is missing, and who asks for access."""

from __future__ import annotations

from console.browser import Visitor, text_of
from harness.rows import execute
from harness.world import World
from passports.reading import issued
from passports.test_access_grants import CONTENT
from passports.test_units import issue
from products.catalogue import create, published
from races.things import insert_access_request


def test_the_page_compares_what_each_role_sees(world: World, owner: Visitor) -> None:
    product, passport_id = issued(world, **CONTENT)
    issue(world, product, {"lot": "<lot>"}).expect(201)
    insert_access_request(world, passport_id)
    try:
        page = owner.get(f"/products/{product['id']}/passport")
        assert page.status_code == 200
        text = page.text
        row = text.partition("<bdi>brand</bdi>")[2].partition("</tr>")[0]
        assert row.count("Withheld") == 2
        assert row.count("Sees it") == 1
        assert f"/01/{product['gtin']}" in text
        assert "&lt;lot&gt;" in text
        waiting = text.partition('href="/requests/passports/')[2].partition("</tr>")[0]
        assert "Authority" in waiting
        assert "For us." in waiting
    finally:
        execute(world.server.database, "delete from passport_access_requests")


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
