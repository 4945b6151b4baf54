"""Focus, titles and messages of forms; copying twice; a session that ends while somebody types."""

from __future__ import annotations

import sqlite3

import pytest
from playwright.sync_api import Dialog, Page, expect

from browser.conftest import OpenPage
from harness.clients import make_client
from harness.people import Person
from harness.world import World

NEW = "/account/api-access/new"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_error_summary_takes_focus_and_links_to_its_fields(
    site: World, open_page: OpenPage, someone: Person, script: bool, width: int
) -> None:
    oauth = make_client(site.api, site.owner, "products:read")
    page = open_page(someone, java_script_enabled=script, width=width, height=812)
    page.goto(f"/account/api-access/{oauth.client_id}#settings")
    page.get_by_label("Allowed addresses").fill("192.0.2.0/24\n10.0.0.1/8")
    page.get_by_role("button", name="Save settings").click()
    summary = page.locator("#fault")
    expect(summary).to_be_focused()
    expect(summary).to_be_in_viewport()
    expect(page).to_have_title(f"Error: {page.locator('h1').inner_text()} · LinkXG")
    field = page.get_by_label("Allowed addresses")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "One range per line, such as 203.0.113.0/24. Empty: any address. Line 2, 10.0.0.1/8: "
        "enter 10.0.0.0/8 for the whole range, or 10.0.0.1 for this address alone."
    )
    summary.get_by_role("link").click()
    expect(field).to_be_in_viewport()
    field.fill("10.0.0.0/8")
    page.get_by_role("button", name="Save settings").click()
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator("#done")).to_be_focused()
    expect(page.locator("#done")).to_have_text("Saved. Allowed addresses changed.")
    expect(page).to_have_title(f"Saved · {page.locator('h1').inner_text()} · LinkXG")


def test_a_secret_can_be_copied_twice(site: World, open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone, permissions=["clipboard-read", "clipboard-write"])
    secret = new_secret(page, site)
    button = page.locator("[data-what=Secret]")
    page.evaluate(
        "window.heard = []; new MutationObserver(() => heard.push(announcer.textContent))"
        ".observe(announcer, {childList: true, characterData: true, subtree: true})"
    )
    for times in (1, 2):
        button.click()
        page.wait_for_function(
            "(times) => heard.filter((text) => text === 'Secret copied').length === times", arg=times
        )
        expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    expect(button).to_have_text("Copy secret")


def test_a_failed_copy_is_announced_visibly(site: World, open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone)
    new_secret(page, site)
    page.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('no')); document.execCommand = () => false"
    )
    page.locator("[data-what=Secret]").click()
    expect(page.get_by_text("Copying is not permitted here.")).to_be_visible()
    expect(page.locator("[data-what=Secret]")).to_have_text("Copy secret")


def test_no_form_loses_typed_input_without_asking(site: World, open_page: OpenPage, someone: Person) -> None:
    oauth = make_client(site.api, site.owner, "products:read")
    page = open_page(someone)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(page.url)
        dialog.dismiss()

    page.on("dialog", stay)
    typed = {
        NEW: ("Name", "Typed"),
        f"/account/api-access/{oauth.client_id}": ("Name", "Typed"),
        "/account/members": ("E-mail", "typed@example.test"),
    }
    for address, (label, text) in typed.items():
        page.goto(address)
        page.get_by_label(label, exact=True).fill(text)
        with page.expect_event("dialog"):
            page.get_by_role("link", name="Products").first.click()
        expect(page.get_by_label(label, exact=True)).to_have_value(text)
        page.get_by_label(label, exact=True).fill(page.get_by_label(label, exact=True).get_attribute("value") or "")
    assert len(asked) == len(typed)
    # The input that an answer with an error has kept is not saved either.
    page.get_by_label("E-mail").fill("no address")
    page.get_by_role("button", name="Invite person").click()
    expect(page.locator("#fault")).to_be_focused()
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Products").first.click()
    expect(page.get_by_label("E-mail")).to_have_value("no address")
    page.get_by_label("E-mail").fill(f"typed-{someone.email}")
    page.get_by_role("button", name="Invite person").click()
    site.vault.remember("invitation token", page.locator(".secret").inner_text().rpartition("/")[2])
    page.goto("/imports")
    page.get_by_label("File of products").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"sku\n"})
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Products").first.click()
    assert len(asked) == len(typed) + 2
    page.remove_listener("dialog", stay)


def new_secret(page: Page, site: World) -> str:
    page.goto(NEW)
    page.get_by_label("Name").fill("Copied")
    page.get_by_label("products:read").check()
    page.get_by_role("button", name="Create client").click()
    return site.vault.remember("client secret", page.locator("#secret").inner_text())


def test_typing_keeps_the_session_alive_and_its_end_is_announced(open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone)
    page.clock.install()
    page.goto(NEW)
    asked = "**/account/sessions/left"
    with page.expect_request(asked) as first:
        page.clock.run_for(61_000)
        page.get_by_label("Name").press_sequentially("typed")
    assert first.value.method == "GET"
    first.value.response()
    expect(page.get_by_role("button", name="Stay signed in")).to_have_count(0)
    page.clock.run_for(27 * 60_000)
    stay = page.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_visible()
    expect(page.get_by_text("You will be signed out in 2 minutes due to inactivity.")).to_be_visible()
    stay.click()
    expect(stay).to_have_count(0)
    expect(page.get_by_label("Name")).to_have_value("typed")


def test_typed_input_survives_the_end_of_the_session(site: World, open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone, java_script_enabled=False, width=768)
    page.goto("/account/members")
    page.get_by_label("E-mail").fill("typed.long@example.test")
    page.get_by_label("Viewer").check()
    with sqlite3.connect(site.server.database.path, timeout=10) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE sessions SET refresh_expires_at = 1 WHERE user_id = ?", (someone.user_id,))
    page.get_by_role("button", name="Invite person").click()
    expect(page.get_by_text("You were signed out after 30 minutes without use.")).to_be_visible()
    page.get_by_label("E-mail").fill(someone.email)
    page.get_by_label("Password").fill(someone.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("typed.long@example.test is invited.")).to_be_visible()
    site.vault.remember("invitation token", page.locator(".secret").inner_text().rpartition("/")[2])
