"""A person finds what a partner shares, answers the partner, and adopts the product; the owner sees both."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import OpenPage
from harness.people import Person
from harness.world import World
from network.sharing import connection_of, share
from products.catalogue import new_sku, published


@pytest.mark.parametrize("width", [360, 1280])
def test_a_shared_product_is_answered_and_adopted(
    site: World, open_page: OpenPage, someone: Person, width: int
) -> None:
    product = published(site, name="Rain barrel", brand="Acme")
    made = share(site, product, fields=["brand"])
    page = open_page(site.other.owner, width=width)
    page.goto(f"/shared?q={product['sku']}&partner={connection_of(site)}")
    page.locator("main table a.name").click()
    page.wait_for_url(f"**/shared/{product['id']}")
    expect(page.locator("main")).to_contain_text("Acme")
    expect(page.locator("main")).not_to_contain_text("Rain barrel")
    page.get_by_label("Reason (optional, shown to them)").fill("The mass is missing.")
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator("#fault")).to_be_focused()
    expect(page.get_by_label("Reason (optional, shown to them)")).to_have_value("The mass is missing.")
    page.get_by_label("Rejected").check()
    page.get_by_role("button", name="Send answer").click()
    expect(page.locator("#done")).to_be_focused()
    expect(page.locator("main")).to_contain_text("rejected, version 1")
    sku = new_sku()
    page.get_by_role("link", name="Adopt…").click()
    page.get_by_label("SKU of your product").fill(sku)
    page.get_by_role("button", name="Create product").click()
    page.wait_for_url("**/products/*")
    expect(page.get_by_label("SKU", exact=True)).to_have_value(sku)
    expect(page.get_by_label("Brand", exact=True)).to_have_value("Acme")
    page.goto(f"/shared/{product['id']}")
    expect(page.locator("main")).to_contain_text("You have a product with this GTIN")
    another = published(site, brand="Acme")
    share(site, another, fields=["brand"])
    page.goto(f"/shared/{another['id']}/adopt")
    page.get_by_label("SKU of your product").fill(sku)
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_label("SKU of your product")).to_have_accessible_description(
        re.compile(r"You have a product with this SKU\. .*\(SKU .*\)")
    )
    expect(page.get_by_label("SKU of your product")).to_have_value(sku)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{overflow} pixels too wide"
    owner = open_page(someone, width=width)
    owner.goto(f"/shares/{made['id']}")
    expect(owner.locator("main")).to_contain_text("The mass is missing.")
