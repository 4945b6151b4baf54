"""A person fills in, publishes, compares and withdraws a product, by keyboard and without script."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import Dialog, Page, expect

from harness.answers import JsonObject
from harness.people import Person
from harness.world import World
from products.catalogue import body, complete, new_gtin


def made(site: World, **members: object) -> JsonObject:
    given = body(**members)
    product: JsonObject = site.api.post("/products", bearer=site.owner.access, json=given).expect(201).data()
    return product


@pytest.mark.parametrize("script", [True, False])
def test_missing_fields_are_listed_filled_in_and_published(
    site: World, someone: Person, open_page: object, script: bool
) -> None:
    page: Page = open_page(someone, java_script_enabled=script)  # type: ignore[operator]
    product = made(site, name="Oak table")
    page.goto(f"/products/{product['id']}")
    missing = page.locator(".missing")
    expect(missing.get_by_role("listitem")).to_have_count(4)
    for link, field in {"GTIN": "gtin", "Category": "category.code", "Facility": "facility.name"}.items():
        missing.get_by_role("link", name=link).click()
        expect(page.locator(":focus, :target")).to_have_attribute("name", field)
    for label, value in (
        ("GTIN", new_gtin()), ("Category code", "10002098"), ("Category name", "Chairs"),
        ("Scheme name", "GS1 GPC"), ("Scheme address", "https://gpc.example/"),
        ("Facility", "Works 1"), ("Facility GLN", "4012345000009"),
    ):  # fmt: skip
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Country of production").select_option(label="Germany (DE)")
    page.get_by_role("button", name="Save draft").click()
    expect(missing).to_have_count(0)
    page.get_by_label("Description").fill("Typed, and not saved by itself")
    page.get_by_role("button", name="Review and publish…").click()
    expect(page.locator("main")).to_contain_text(
        "Once published, version 1 cannot be changed. Readers see it immediately."
    )
    page.get_by_label("What is new").fill("First <b>edition</b>")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_role("status").first).to_contain_text("It can no longer be changed")
    expect(page.locator(".versions")).to_contain_text("First <b>edition</b>")
    shown = site.api.get(f"/products/{product['id']}", bearer=site.owner.access).data()
    assert (shown["status"], shown["content"]["facility"]) == (
        "PUBLISHED", {"name": "Works 1", "gln": "4012345000009"},
    )  # fmt: skip
    assert shown["content"]["description"] == "Typed, and not saved by itself"


def test_saving_an_unchanged_product_writes_nothing(site: World, owner_page: Page) -> None:
    texts = ("Line 1\r\nLine 2", "\nfirst line empty", " \t\r\n", "a\rb\n")
    for text in texts:
        product = made(site, name=" Drill ", description=text, facility={"country": "DE"}, producer={"name": "Acme"})
        owner_page.goto(f"/products/{product['id']}")
        owner_page.get_by_role("button", name="Save draft").click()
        expect(owner_page.locator("main")).to_contain_text("Nothing was changed, so nothing was saved.")
        assert site.api.get(f"/products/{product['id']}", bearer=site.owner.access).expect(200).data() == product


def test_leaving_with_unsaved_changes_asks_first(site: World, owner_page: Page) -> None:
    page, product = owner_page, made(site, countryOfProduction="FR")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.goto(f"/products/{product['id']}")
    page.get_by_label("Brand", exact=True).fill("Typed")
    page.get_by_label("Country of production").select_option("AT")
    expect(page.locator(".bar")).to_contain_text("Draft of version 1 · 2 unsaved changes")
    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Products").first.click()
    expect(page.get_by_label("Brand", exact=True)).to_have_value("Typed")
    page.get_by_label("Brand", exact=True).fill("")
    expect(page.locator(".bar")).to_contain_text("1 unsaved change")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("main")).to_contain_text("Saved.")
    page.get_by_role("link", name="Products").first.click()
    page.wait_for_url("**/products")
    assert asked == ["beforeunload"]


def test_the_bar_stays_in_view_and_hides_no_field(site: World, open_page: object, someone: Person) -> None:
    # WCAG 2.2, 2.4.11: what has the focus is not entirely hidden.
    product = made(site, **complete())
    for width in (320, 768, 1440):
        page: Page = open_page(someone, width=width)  # type: ignore[operator]
        page.goto(f"/products/{product['id']}")
        bar = page.get_by_role("group", name="Save and publish")
        for place in ("0", "document.body.scrollHeight / 2", "document.body.scrollHeight"):
            page.evaluate(f"scrollTo(0, {place})")
            expect(bar.get_by_role("button", name="Review and publish…")).to_be_in_viewport(ratio=1)
        page.evaluate("scrollTo(0, 0)")
        for _ in range(30):
            page.keyboard.press("Tab")
            under = page.evaluate(
                "(() => { const one = document.activeElement; const bar = document.querySelector('.bar');"
                " return !bar.contains(one) && one.getBoundingClientRect().top >= bar.getBoundingClientRect().top; })()"
            )
            assert not under, page.evaluate("document.activeElement.outerHTML")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_a_change_is_compared_and_a_version_withdrawn(site: World, owner_page: Page) -> None:
    page, product = owner_page, made(site, **complete(name="Lamp", attributes={"watt": 5}))
    where = f"/products/{product['id']}"
    site.api.post(f"{where}/publish", bearer=site.owner.access).expect(200)
    page.goto(where)
    page.get_by_label("Brand", exact=True).fill("Lumen & Söhne")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name="Draft of version 2")).to_be_visible()
    page.get_by_role("link", name="What changed in version 2").click()
    row = page.get_by_role("row", name="Brand")
    expect(row.get_by_role("deletion")).to_have_text("Acme")
    expect(row.get_by_role("insertion")).to_have_text("Lumen & Söhne")
    expect(page.get_by_role("row")).to_have_count(2)
    page.goto(f"{where}/versions/1")
    expect(page.locator("main")).to_contain_text(product["contentHash"])
    expect(page.get_by_role("row", name="Attributes, watt")).to_contain_text("5")
    page.get_by_label("Reason").fill("Wrong brand")
    page.get_by_role("button", name="Withdraw version 1").click()
    expect(page.locator("main")).to_contain_text("Wrong brand")
    expect(page.get_by_role("button", name="Withdraw")).to_have_count(0)
    # What else the product says was not on the form, and is still there.
    draft = site.api.get(f"{where}?version=draft", bearer=site.owner.access).data()
    assert draft["content"] == product["content"] | {"brand": "Lumen & Söhne"}


def test_products_are_found_and_removed(site: World, owner_page: Page) -> None:
    word, page = uuid4().hex, owner_page
    draft = made(site, name=f"Alpha {word}")
    gone = made(site, **complete(name=f"Beta {word}"))
    site.api.post(f"/products/{gone['id']}/publish", bearer=site.owner.access).expect(200)
    page.goto("/products")
    page.get_by_label("Search products").fill(word.upper())
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_label("State").select_option("PUBLISHED")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Beta").click()
    page.get_by_role("link", name="Archive product…").click()
    page.get_by_role("button", name="Archive product").click()
    expect(page.get_by_role("status").first).to_contain_text("Its versions stay readable")
    expect(page.get_by_role("button", name="Unarchive product")).to_be_visible()
    page.goto("/products")
    page.get_by_label("Search products").fill(draft["sku"])
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Exact match")).to_be_visible()
    page.get_by_role("link", name="Alpha").click()
    page.get_by_role("link", name="Delete product…").click()
    page.get_by_role("button", name="Delete product").click()
    expect(page.get_by_role("status").first).to_contain_text("free again")
    site.api.get(f"/products/{draft['id']}", bearer=site.owner.access).expect(404, "not_found")
    archived = page.goto(f"/products/{gone['id']}")
    assert archived is not None
    assert archived.status == 200
    expect(page.get_by_role("button", name="Save draft")).to_have_count(0)


def test_a_viewer_reads_and_changes_nothing(site: World, open_page: object) -> None:
    product = made(site, **complete(name="Desk", description=f"{'Unbreakable' * 20} and a longer sentence beside it"))
    page: Page = open_page(site.person("VIEWER"))  # type: ignore[operator]
    page.goto(f"/products/{product['id']}")
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for name in ("Save draft", "Publish", "Delete product"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
