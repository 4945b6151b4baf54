"""A dropped file is uploaded with its progress shown, and the page reports the end by itself."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from browser.chromium import new_page, sign_in
from browser.conftest import OpenPage
from browser.showcase import Showcase
from harness.people import Person
from harness.world import World
from imports.files import by_sku, new_sku

DROP = """([name, text]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], name, { type: "text/csv" }));
  const place = document.querySelector("[data-drop]");
  for (const kind of ["dragover", "drop"])
    place.dispatchEvent(new DragEvent(kind, { dataTransfer: held, bubbles: true, cancelable: true }));
}"""


def test_a_dropped_file_is_imported_and_its_failed_rows_are_corrected(
    site: World, open_page: OpenPage, someone: Person
) -> None:
    page = open_page(someone)
    good, bad = new_sku(), new_sku()
    page.goto("/imports")
    page.evaluate(DROP, ["spring.csv", f"sku,gtin,name\n{good},,Bolt\n{bad},123,Nut\n"])
    expect(page.locator("#announcer")).to_have_text("spring.csv chosen")
    page.get_by_role("button", name="Import file").click()
    # Nobody reloads: the page looks by itself until the import has ended.
    expect(page.get_by_text("completed, some rows failed")).to_be_visible(timeout=20_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rejected rows").click()
    returned = download.value.path().read_text()
    page.get_by_label("Corrected file").set_input_files(
        {"name": "mended.csv", "mimeType": "text/csv", "buffer": returned.replace(f"{bad},123", f"{bad},").encode()}
    )
    page.get_by_role("button", name="Import file").click()
    expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=20_000)
    assert by_sku(site, bad) is not None


def test_focus_stays_on_a_button_while_the_page_polls(browser: Browser, showcase: Showcase) -> None:
    page = new_page(browser, showcase.world.server.url)
    owner = showcase.world.account.owner
    sign_in(page, owner.email, owner.password)
    page.goto(f"/imports/{showcase.stock.running}")
    button = page.get_by_role("button", name="Cancel import")
    button.focus()
    numbers = page.locator("#progress progress").element_handle()
    for _ in range(2):
        with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
            pass
    # What it has heard it puts in place before it looks again.
    assert not numbers.evaluate("(one) => one.isConnected"), "the numbers are anew"
    expect(button).to_be_focused()
    page.context.close()


def test_a_running_import_says_that_the_session_has_ended(browser: Browser, showcase: Showcase) -> None:
    page = new_page(browser, showcase.world.server.url)
    owner = showcase.world.account.owner
    sign_in(page, owner.email, owner.password)
    page.goto(f"/imports/{showcase.stock.running}")
    page.context.clear_cookies()
    link = page.get_by_role("alert").get_by_role("link", name="Sign in")
    expect(page.get_by_role("alert")).to_contain_text("You are signed out, so this page is no longer updated.")
    assert link.get_attribute("href") == f"/sign-in?next=%2Fimports%2F{showcase.stock.running}"
    page.context.close()


def test_a_rejected_file_is_explained_on_the_page(site: World, open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone)
    page.goto("/imports")
    page.get_by_label("File of products").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"sku,nmae\nx,y\n"}
    )
    page.get_by_role("button", name="Import file").click()
    expect(page.get_by_text("Did you mean name?").first).to_be_visible()
    expect(page).to_have_title("Error: Imports · LinkXG")
    expect(page.locator("#fault")).to_be_focused()
