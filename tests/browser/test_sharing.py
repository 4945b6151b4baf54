"""A person shares products with a partner and sees beforehand what the partner will see; requests are answered."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from browser.conftest import OpenPage
from harness.people import Person
from harness.world import World
from network.connected import read, sent
from network.sharing import connection_of, read_shared
from products.catalogue import new_gtin, published

PREVIEW = re.compile(r".*/partners/[^/]+/share$")


def test_the_preview_follows_the_form(site: World, owner_page: Page) -> None:
    product, page = published(site, name="Rain barrel", brand="Acme"), owner_page
    connection_of(site)
    page.goto(f"/products/{product['id']}")
    expect(page.locator("#viewers")).to_contain_text("No partner.")
    page.get_by_role("link", name="Share this product").click()
    page.locator("main table a").first.click()
    expect(page.get_by_label("Product", exact=True)).to_have_value(product["sku"])
    preview = page.locator("#preview")
    page.get_by_label("Brand", exact=True).check()
    expect(preview).to_contain_text("Sees 1 of 16 fields of 1 product")
    expect(page.locator("#announcer")).to_contain_text("Sees 1 of 16 fields")
    expect(preview).to_contain_text("Acme")
    expect(preview).not_to_contain_text("Rain barrel")
    page.get_by_text("As JSON").click()
    page.get_by_label("Name", exact=True).check()
    expect(preview).to_contain_text("Rain barrel")
    expect(preview.locator("pre")).to_be_visible()
    page.get_by_label("Product", exact=True).fill("NO-SUCH")
    expect(preview).to_contain_text("Nothing to preview yet. None of your products has this SKU, GTIN or id.")
    expect(page.locator(".wrong")).to_have_count(0)
    page.get_by_label("Product", exact=True).fill(product["gtin"])
    expect(preview).to_contain_text("Sees 2 of 16 fields")
    read_shared(site, product).expect(404, "not_found")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Sees 2 of 16 fields of 1 product, no supplier names.")
    assert set(read_shared(site, product).expect(200).data()["content"]) == {"name", "brand"}
    page.goto(f"/products/{product['id']}")
    expect(page.locator("#viewers")).to_contain_text("2 of 16 fields")
    page.locator("#viewers .name").click()
    page.get_by_role("button", name="Withdraw share…").click()
    page.get_by_role("button", name="Withdraw share", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("The share is withdrawn.")
    read_shared(site, product).expect(404, "not_found")


def test_an_older_preview_never_replaces_a_newer_one(site: World, owner_page: Page) -> None:
    product, page = published(site), owner_page
    page.goto(f"/partners/{connection_of(site)}/share?product={product['id']}")
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(PREVIEW, hold_first)
    with page.expect_request(PREVIEW):
        page.get_by_label("Name", exact=True).check()
    with page.expect_event("requestfailed"):
        page.get_by_label("Brand", exact=True).check()
    expect(page.locator("#preview")).to_contain_text("Sees 2 of 16 fields")
    page.unroute_all(behavior="ignoreErrors")


def test_typing_is_previewed_once_it_pauses(site: World, owner_page: Page) -> None:
    page = owner_page
    page.goto(f"/partners/{connection_of(site)}/share")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Product", exact=True).press_sequentially("a-long-stock-number", delay=10)
    expect(page.locator("#preview")).to_contain_text("Nothing to preview yet.")
    assert len(asked) == 1


def test_a_request_is_approved(site: World, owner_page: Page) -> None:
    product, page = published(site, name="Oak table"), owner_page
    request = sent(site, gtin=product["gtin"], purpose=f"For our label {product['sku']}.")
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Requests").click()
    row = page.locator("tr", has_text=product["sku"])
    row.get_by_role("link", name="Product data").click()
    page.get_by_label("All fields").check()
    expect(page.locator("#preview")).to_contain_text("Oak table")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_contain_text("Approved: ")
    assert read(site, site.other_owner, request).data()["status"] == "APPROVED"
    read_shared(site, product).expect(200)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("form", ["share", "request"])
def test_back_after_a_preview_keeps_what_was_typed(
    site: World, open_page: OpenPage, someone: Person, form: str, script: bool
) -> None:
    product = published(site, name="Park bench", brand="Acme")
    page = open_page(someone, java_script_enabled=script)
    page.on("dialog", lambda dialog: dialog.accept())
    connection = connection_of(site)
    start = f"/partners/{connection}/share" if form == "share" else f"/requests/{sent(site, gtin=new_gtin())['id']}"
    page.goto(start)
    preview, typed = page.get_by_role("button", name="Preview"), page.get_by_label("Product", exact=True)
    typed.fill(product["sku"])
    page.get_by_label("Expires on").fill("2127-03-01")
    page.get_by_label("Name", exact=True).check()
    preview.click()
    expect(page.locator("#preview")).to_contain_text("Sees 1 of 16 fields")
    expect(page.locator("#preview-title")).to_be_focused()
    expect(page.locator("#preview-title")).to_be_in_viewport()
    page.get_by_label("Brand", exact=True).check()
    preview.click()
    expect(page.locator("#preview")).to_contain_text("Sees 2 of 16 fields")
    for _ in range(2):
        page.go_back()
        expect(typed).to_have_value(product["sku"])
        expect(page.get_by_label("Expires on")).to_have_value("2127-03-01")
        expect(page.get_by_label("Name", exact=True)).to_be_checked()
    assert page.url.partition("?")[0].endswith(start)
    page.go_forward()
    page.get_by_label("Brand", exact=True).uncheck()
    page.get_by_role("button", name="Share" if form == "share" else "Approve", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Sees 1 of 16 fields")
    assert set(read_shared(site, product).expect(200).data()["content"]) == {"name"}


def test_an_invitation_that_was_sent_is_not_unsaved(owner_page: Page) -> None:
    page = owner_page
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto("/partners")
    page.get_by_label("E-mail, GLN or short name").fill(f"s{uuid4()}"[:20])
    page.get_by_role("button", name="Invite company").click()
    expect(page.locator("#done")).to_be_focused()
    page.goto("/products")
    assert asked == []


def test_everything_works_without_javascript(site: World, open_page: OpenPage, someone: Person) -> None:
    product = published(site, name="Desk lamp")
    page = open_page(someone, java_script_enabled=False)
    page.goto(f"/partners/{connection_of(site)}/share?product={product['id']}")
    page.get_by_label("Name", exact=True).check()
    page.get_by_label("Product", exact=True).press("Enter")
    expect(page.locator("#preview")).to_contain_text("Desk lamp")
    read_shared(site, product).expect(404, "not_found")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Sees 1 of 16 fields")
    page.goto(f"/partners/{connection_of(site)}/ask")
    page.get_by_label("GTIN, Digital Link or id").fill(new_gtin())
    page.get_by_label("Purpose").fill("For our label.")
    page.get_by_role("button", name="Send request").click()
    page.get_by_role("button", name="Cancel request").click()
    expect(page.get_by_role("status").first).to_contain_text("The request is cancelled.")
