"""A person creates a product, and sees what a client sees."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser.conftest import OpenPage
from harness.world import World
from products.catalogue import body


def test_a_product_is_created_and_continued(site: World, owner_page: Page) -> None:
    page = owner_page
    page.goto("/products")
    page.get_by_role("link", name="Create product").click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Rain barrel")
    page.get_by_label("SKU").fill("BARREL-1")
    page.get_by_label("GTIN").fill("4006381333930")
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_role("alert")).to_contain_text("GTIN")
    page.get_by_label("GTIN").fill("")
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_role("status").first).to_contain_text("The product is created")
    expect(page.get_by_role("heading", name="Draft of version 1")).to_be_visible()
    path = f"/products/{page.url.rpartition('/')[2].partition('?')[0]}"
    made = site.api.get(path, bearer=site.owner.access).expect(200).data()
    assert (made["sku"], made["gtin"], made["content"]["name"]) == ("BARREL-1", None, "Rain barrel")
    page.goto("/products/new")
    page.get_by_label("Name").fill("Another barrel")
    page.get_by_label("SKU").fill("BARREL-1")
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_role("alert")).to_contain_text("SKU")


def test_a_viewer_sees_a_product_as_a_client_does(site: World, open_page: OpenPage) -> None:
    given = body(sku="SEEN-1", name="Seen", attributes={"material": "HDPE"})
    made = site.api.post("/products", bearer=site.owner.access, json=given).expect(201).data()
    page = open_page(site.person("VIEWER"))
    page.goto("/products")
    expect(page.get_by_role("link", name="Create product")).to_have_count(0)
    page.goto(f"/products/{made['id']}")
    expect(page.locator(".attributes")).to_contain_text("HDPE")
    expect(page.get_by_role("button", name="Save draft")).to_have_count(0)
