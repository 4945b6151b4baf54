"""What partners share is read, answered and adopted in the console; what a partner reads is shown to the owner."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

from console.browser import Visitor, text_of
from console.conftest import NewVisitor
from harness.answers import JsonObject
from harness.world import World
from network.sharing import connection_of, end_shares, in_category, share
from products.catalogue import new_sku, publish, published

pytestmark = pytest.mark.usefixtures("without_shares")


@pytest.fixture
def partner(world: World, new_visitor: NewVisitor) -> Visitor:
    """The Owner of the second account, with which the first shares."""
    return new_visitor(world.other.owner)


def test_a_partner_reads_what_is_shared_and_nothing_else(world: World, partner: Visitor) -> None:
    product = published(world, name="Hex <i>bolt</i>", brand="Acme")
    hidden = published(world)
    share(world, product, fields=["brand"])
    listed = partner.get("/shared")
    assert product["sku"] in text_of(listed)
    assert hidden["sku"] not in text_of(listed)
    page = partner.get(f"/shared/{product['id']}")
    assert "Acme" in text_of(page)
    assert "Hex" not in page.text
    assert partner.get(f"/shared/{hidden['id']}").status_code == 404
    assert product["sku"] in text_of(partner.get(f"/shared?q={product['gtin']}"))
    assert product["sku"] in text_of(partner.get(f"/shared?partner={connection_of(world)}&q={product['sku']}"))
    assert "No product found" in text_of(partner.get("/shared?q=Hex"))
    end_shares(world)
    assert partner.get(f"/shared/{product['id']}").status_code == 404


def test_earlier_versions_are_shown_if_all_are_shared(world: World, partner: Visitor) -> None:
    product = published(world, brand="First")
    share(world, product, versions="ALL")
    world.api.patch(f"/products/{product['id']}", bearer=world.owner.access, json={"content": {"brand": "Second"}})
    publish(world, product).expect(200)
    page = partner.get(f"/shared/{product['id']}")
    assert "Second" in text_of(page)
    assert f"/shared/{product['id']}/versions/1" in page.text
    assert "First" in text_of(partner.get(f"/shared/{product['id']}/versions/1"))
    assert partner.get(f"/shared/{product['id']}/versions/3").status_code == 404


def test_an_answer_reaches_the_owner(world: World, partner: Visitor, editor: Visitor) -> None:
    product = published(world)
    made = share(world, product)
    here = f"/shared/{product['id']}"
    refused = partner.fill(partner.get(here), f"{here}/acknowledge", reason="x" * 1_001)
    assert refused.status_code == 422
    said = text_of(refused)
    assert "Choose an answer." in said
    assert "At most 1,000 characters." in said
    assert dict(partner.fields(refused, f"{here}/acknowledge"))["reason"] == "x" * 1_001
    sent = partner.fill(refused, f"{here}/acknowledge", status="REJECTED", reason="The mass is missing.")
    assert sent.status_code == 303
    assert "rejected, version 1" in text_of(partner.get(here))
    assert "The mass is missing." in text_of(editor.get(f"/shares/{made['id']}"))


def test_the_page_says_until_when_a_product_is_shared(world: World, partner: Visitor) -> None:
    product = published(world)
    here = f"/shared/{product['id']}"
    share(world, product, fields=["name", "facility.country", "facility.name"])
    assert "2 of 16 fields, until they withdraw it" in text_of(partner.get(here))
    share(world, product, expiresAt="2127-03-01T00:00:00Z")
    said = text_of(partner.get(here))
    assert "all fields, until 1 Mar 2127 (UTC) 2 of 16 fields, until they withdraw it" in said


def test_fields_are_counted_as_their_owner_counts_them(world: World, partner: Visitor, editor: Visitor) -> None:
    product = published(world)
    share(world, product, fields=["name", "facility.country", "facility.name"])
    for page in (partner.get(f"/shared?q={product['sku']}"), editor.get(f"/products/{product['id']}")):
        assert "2 of 16 fields" in text_of(page)


def test_a_shared_product_is_adopted_once(world: World, partner: Visitor) -> None:
    product = published(world, brand="Acme")
    share(world, product, fields=["brand"])
    page = partner.get(f"/shared/{product['id']}/adopt")
    assert dict(partner.fields(page))["sku"] == product["sku"]
    sku = new_sku()
    answers = [partner.fill(page, sku=sku) for _ in range(2)]
    assert answers[0].status_code == 303
    assert answers[0].headers["location"] == answers[1].headers["location"]
    own = partner.get(answers[0].headers["location"])
    assert "Acme" in own.text
    adopted = answers[0].headers["location"].partition("?")[0]
    for path in (f"/shared/{product['id']}", f"/shared/{product['id']}/adopt"):
        again = partner.get(path)
        assert "You have a product with" in text_of(again)
        assert f'href="{adopted}"' in again.text
        assert "Create product" not in again.text
    assert partner.fill(page, sku=new_sku(), key="another").status_code == 409


def test_a_sku_of_an_own_product_is_not_proposed(world: World, partner: Visitor) -> None:
    product = published(world)
    share(world, product)
    body = {"sku": product["sku"], "content": {"name": "Ours"}}
    own = world.api.post("/products", bearer=world.other_owner.access, json=body).expect(201).data()
    page = partner.get(f"/shared/{product['id']}/adopt")
    assert dict(partner.fields(page))["sku"] == ""
    again = partner.fill(page, sku=product["sku"])
    assert again.status_code == 422
    assert "You have a product with this SKU." in text_of(again)
    assert dict(partner.fields(again))["sku"] == product["sku"]
    for shown in (page, again):
        assert f'href="/products/{own["id"]}"' in shown.text


def test_the_owner_sees_what_was_read(world: World, partner: Visitor, editor: Visitor) -> None:
    product = published(world)
    share(world, product)
    partner.get(f"/shared/{product['id']}")
    reads = f"/partners/{connection_of(world)}/reads"
    deadline = time.monotonic() + 10
    while product["sku"] not in text_of(editor.get(reads)):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_matrix_says_what_each_partner_sees(world: World, editor: Visitor) -> None:
    code = f"c{uuid4()}"[:20]
    single = published(world, category=in_category(code))
    share(world, type="ALL", fields=["name", "brand"])
    share(world, type="CATEGORY", category=code, expiresAt="2127-03-01T00:00:00Z")
    for _ in range(2):
        share(world, single)
    said = text_of(editor.get("/partners/shares"))
    assert "2 of 16 fields" in said
    assert code in said
    assert "all fields" in said
    assert "until 1 March 2127" in said
    assert "1 product" in said
    assert "1 product" in text_of(editor.get(f"/partners/{connection_of(world)}/shares"))


def test_the_company_is_named_in_the_console(world: World, editor: Visitor) -> None:
    page = "/account/company"
    before: JsonObject = world.api.get("/account", bearer=world.owner.access).expect(200).data()
    refused = editor.fill(editor.get(page), page, name="", slug="Not a slug", gln="4012345000001")
    assert refused.status_code == 422
    for field in ("name", "slug", "gln"):
        assert f'id="e-{field}"' in refused.text
    assert dict(editor.fields(refused, page))["slug"] == "Not a slug"
    taken = world.api.get("/account", bearer=world.other_owner.access).expect(200).data()["slug"]
    assert editor.fill(editor.get(page), page, slug=taken).status_code == 409
    slug = f"s{uuid4()}"[:30]
    assert editor.fill(editor.get(page), page, slug=slug).status_code == 303
    assert world.api.get("/account", bearer=world.owner.access).expect(200).data()["slug"] == slug
    world.api.patch("/account", bearer=world.owner.access, json={"slug": before["slug"]}).expect(200)


def test_a_share_of_one_product_names_it(world: World, editor: Visitor) -> None:
    product = published(world)
    share(world, product, fields=["name"])
    for path in (f"/partners/{connection_of(world)}", f"/partners/{connection_of(world)}/shares"):
        assert f"{product['sku']} Sees 1 of 16 fields of 1 product" in text_of(editor.get(path))
