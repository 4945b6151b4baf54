"""The main tasks: a client in a minute, a rotation without an outage, a leak closed, least privilege."""

from __future__ import annotations

import contextlib
import re
import sqlite3

import pytest
from playwright.sync_api import Error, Page, expect

from browser.chromium import press_sign_out, sign_in
from browser.conftest import OpenPage
from harness.clients import OAuthClient, get_token, is_accepted, make_client, request_token
from harness.people import Person
from harness.rows import execute, wait_for_count
from harness.world import World


def create(page: Page, site: World, name: str, *scopes: str) -> OAuthClient:
    """Through the form; answers the credentials that the page shows."""
    page.goto("/account/api-access")
    page.get_by_role("link", name="Create OAuth client").first.click()
    page.get_by_label("Name").fill(name)
    for scope in scopes:
        page.get_by_label(scope).check()
    page.get_by_role("button", name="Create client").click()
    return shown(page, site, " ".join(scopes))


def shown(page: Page, site: World, scope: str) -> OAuthClient:
    """The credentials on the page that shows them once."""
    expect(page.get_by_role("heading", name="Copy this secret now")).to_be_visible()
    secret = site.vault.remember("client secret", page.locator("#secret").inner_text())
    return OAuthClient(page.locator("#client-id").inner_text(), secret, scope, "")


def test_a_client_is_created_copied_tested_and_used(site: World, open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone, permissions=["clipboard-read", "clipboard-write"])
    oauth = create(page, site, "ERP Integration", "products:read", "connections:read")
    page.get_by_role("button", name="Copy secret").click()
    expect(page.locator("#announcer")).to_have_text("Secret copied")
    assert page.evaluate("navigator.clipboard.readText()") == oauth.client_secret
    address = page.url
    page.get_by_role("button", name="Test this credential").click()
    expect(page.locator("#trial")).to_contain_text("It works.")
    expect(page.locator("#trial")).to_contain_text("900 seconds")
    assert page.url == address
    assert page.locator("#secret").inner_text() == oauth.client_secret, "the secret is still there"
    with page.expect_download() as download:
        page.get_by_role("button", name="Download .env").click()
    assert oauth.client_secret in download.value.path().read_text()
    page.get_by_text("Python", exact=True).click()
    expect(page.locator(".as-python")).to_contain_text(oauth.client_id)
    assert is_accepted(site.api, get_token(site.api, oauth, "products:read"))
    page.get_by_role("link", name="I have stored it").click()
    assert oauth.client_secret not in page.content()
    with contextlib.suppress(Error):
        # Chromium refuses to show it at all; another browser may ask whether to send the form again.
        page.go_back()
    expect(page.locator("#secret")).to_have_count(0)


def test_a_planned_rotation_causes_no_outage(site: World, owner_page: Page) -> None:
    page = owner_page
    old = make_client(site.api, site.owner, "products:read", client_name="Planned")
    get_token(site.api, old)
    used = f"SELECT count(*) FROM client_secrets WHERE client_id='{old.client_id}' AND uses >= "
    wait_for_count(site.server.database, f"{used} 1", 1)
    page.goto(f"/account/api-access/{old.client_id}")
    page.get_by_role("link", name="Rotate secret").click()
    page.get_by_label("1 hour").check(force=True)
    page.get_by_role("button", name="Rotate secret").click()
    new = shown(page, site, old.scope)
    request_token(site.api, old).expect(200)
    page.goto(f"/account/api-access/{old.client_id}")
    expect(page.locator("#secrets")).to_contain_text("The new secret has not been used yet")
    page.get_by_role("button", name="Finish now…").click()
    expect(page.get_by_role("heading", name="The old secret may still be needed")).to_be_visible()
    page.get_by_role("link", name="Keep both").click()
    page.locator("#overlap").select_option("604800")
    page.get_by_role("button", name="Set end").click()
    expect(page.get_by_role("status").first).to_contain_text("The end of the old secret is changed")
    expect(page.locator("#secrets")).to_contain_text("in 7 d")
    wait_for_count(site.server.database, f"{used} 2", 1)
    request_token(site.api, new).expect(200)
    sql = f"SELECT count(*) FROM client_secrets WHERE client_id='{old.client_id}' AND first_used_at IS NOT NULL"
    wait_for_count(site.server.database, sql, 2)
    page.reload()
    expect(page.locator("#evidence")).to_contain_text("switched")
    expect(page.locator("#evidence")).not_to_contain_text("safe to remove")
    assert page.locator("#evidence time").first.get_attribute("data-time") == "clock", "in the reader's zone"
    page.get_by_role("button", name="Finish now…").click()
    page.get_by_role("button", name="Remove the old secret").click()
    expect(page.get_by_role("status").first).to_contain_text("The old secret is removed")
    request_token(site.api, old).expect(401, "invalid_client")
    request_token(site.api, new).expect(200)


def test_a_compromised_secret_is_replaced_and_its_tokens_revoked(site: World, owner_page: Page) -> None:
    page = owner_page
    old = make_client(site.api, site.owner, "products:read", client_name="Leaked")
    token = get_token(site.api, old)
    assert is_accepted(site.api, token)
    page.goto(f"/account/api-access/{old.client_id}/rotate")
    page.get_by_role("button", name="Revoke the old secret now").click()
    new = shown(page, site, old.scope)
    expect(page.get_by_role("status").first).to_contain_text("every live token")
    assert not is_accepted(site.api, token)
    request_token(site.api, old).expect(401, "invalid_client")
    assert is_accepted(site.api, get_token(site.api, new))
    wait_for_count(site.server.database, f"SELECT count(*) FROM refused_requests WHERE client_id='{old.client_id}'", 2)
    page.goto(f"/account/refusals?client={old.client_id}")
    expect(page.locator("main")).to_contain_text("Retired secret")
    expect(page.locator("main")).to_contain_text("The token was revoked")
    assert old.client_secret not in page.content()


def test_unused_scopes_are_removed(site: World, owner_page: Page) -> None:
    page = owner_page
    oauth = make_client(site.api, site.owner, "products:read dpp:read imports:write", client_name="Greedy")
    site.api.get("/products", bearer=get_token(site.api, oauth)).expect(200)
    wait_for_count(
        site.server.database, f"SELECT count(*) FROM client_scope_usage WHERE client_id='{oauth.client_id}'", 1
    )
    page.goto("/account/api-access?q=Greedy")
    expect(page.locator("main")).to_contain_text("Greedy")
    expect(page.get_by_role("link", name="not used in 90 days")).to_have_count(0)
    page.goto(f"/account/api-access/{oauth.client_id}/least-scope")
    expect(page.locator("main")).to_contain_text("The client was created less than 90 days ago")
    aged = f"created_at - {91 * 86_400_000}"
    execute(site.server.database, f"UPDATE oauth_clients SET created_at = {aged} WHERE id = '{oauth.client_id}'")
    page.goto("/account/api-access?q=Greedy")
    page.get_by_role("link", name="2 of 3 not used in 90 days: review").click()
    expect(page.locator("main")).to_contain_text("Removed: imports:write, dpp:read. Kept: products:read.")
    page.get_by_role("button", name="Remove 2 unused scopes").click()
    expect(page.get_by_role("status").first).to_contain_text("The unused scopes are removed")
    assert request_token(site.api, oauth).expect(200).object()["scope"] == "products:read"


def test_the_console_works_by_keyboard_alone(site: World, open_page: OpenPage, someone: Person) -> None:
    page = open_page()
    page.goto("/sign-in")
    page.keyboard.type(someone.email)
    page.keyboard.press("Tab")
    page.keyboard.type(someone.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/api-access")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "Create OAuth client")
    page.keyboard.press("Enter")
    page.wait_for_url("**/new")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    _tab_to(page, "Create client")
    page.keyboard.press("Enter")
    oauth = shown(page, site, "products:read")
    _tab_to(page, "Test this credential")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is seen"
    page.keyboard.press("Enter")
    expect(page.locator("#trial")).to_contain_text("It works.")
    request_token(site.api, oauth).expect(200)


def _tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_the_console_works_without_javascript(site: World, open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone, java_script_enabled=False)
    oauth = create(page, site, "No script", "products:read")
    assert page.locator(".copying").is_hidden()
    page.get_by_role("button", name="Test this credential").click()
    expect(page.locator("#trial")).to_contain_text("It works.")
    assert page.locator("#secret").inner_text() == oauth.client_secret
    page.goto(f"/account/api-access/{oauth.client_id}")
    page.get_by_role("button", name="Disable client…").click()
    page.get_by_role("button", name="Disable client").click()
    expect(page.get_by_role("status").first).to_contain_text("The client is disabled")
    request_token(site.api, oauth).expect(401, "invalid_client")
    page.set_viewport_size({"width": 375, "height": 700})
    page.locator(".menu.all summary").click()
    page.locator(".menu.all").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_back_after_sign_out_in_another_tab_shows_nothing(site: World, open_page: OpenPage, someone: Person) -> None:
    one = open_page(someone)
    two = one.context.new_page()
    two.goto("/account/api-access/new")
    one.goto("/account/audit")
    with sqlite3.connect(site.server.database.path, timeout=10) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE sessions SET authenticated_at = authenticated_at - 700000 WHERE kind = 'console'")
    one.goto("/account/api-access/new")
    one.get_by_label("Name").fill("From tab one")
    one.get_by_label("dpp:read").check()
    one.get_by_role("button", name="Create client").click()
    one.get_by_label("Password").fill(someone.password)
    one.get_by_role("button", name="Confirm and create the client").click()
    shown(one, site, "dpp:read")
    two.get_by_label("Name").fill("From tab two")
    two.get_by_label("dpp:read").check()
    two.get_by_role("button", name="Create client").click()
    shown(two, site, "dpp:read")
    one.goto("/account/members")
    press_sign_out(one)
    one.wait_for_url("**/sign-in*")
    one.go_back()
    one.wait_for_url("**/sign-in*")
    expect(one.get_by_role("heading", name="Sign in")).to_be_visible()
    two.goto("/account/members")
    expect(two.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(two, someone.email, someone.password)


def test_an_invited_person_joins(site: World, open_page: OpenPage, owner_page: Page) -> None:
    owner_page.goto("/account/members")
    owner_page.get_by_label("E-mail").fill("ida.berg@example.test")
    owner_page.get_by_label("Viewer").check()
    owner_page.get_by_role("button", name="Invite person").click()
    link = owner_page.locator(".secret").inner_text()
    site.vault.remember("invitation token", link.rpartition("/")[2])
    page = open_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.headers.get("referer", "")))
    page.goto(link)
    password = site.vault.password()
    page.get_by_label("Password").fill("short")
    page.evaluate("document.querySelector('#password').minLength = 0")
    page.get_by_role("button", name="Join the account").click()
    expect(page.get_by_role("alert")).to_contain_text("at least 12 characters")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Join the account").click()
    page.wait_for_url("**/account/welcome")
    expect(page.get_by_text("You are a Viewer of")).to_be_visible()
    expect(page.get_by_role("heading", name="Look at the products")).to_be_visible()
    assert page.get_by_role("link", name="API access").count() == 0
    assert not any("invitations" in referer for referer in sent), "the token travels in no Referer"
    again = open_page()
    again.goto(link)
    expect(again.get_by_role("heading", name="This invitation is no longer valid")).to_be_visible()


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202egnp.exe", "{{7*7}}", "W" * 200])
def test_hostile_names_stay_text(site: World, owner_page: Page, name: str) -> None:
    oauth = make_client(site.api, site.owner, "products:read", client_name=name)
    owner_page.set_viewport_size({"width": 375, "height": 800})
    for path in ("", "/rotate", "/delete", "/least-scope"):
        owner_page.goto(f"/account/api-access/{oauth.client_id}{path}")
        assert name in (owner_page.locator("main").text_content() or "")
        overflow = owner_page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} is {overflow} pixels too wide"


def test_times_are_shown_in_the_zone_of_the_reader(open_page: OpenPage, someone: Person) -> None:
    page = open_page(someone)
    page.goto("/account/sessions")
    time = page.locator("main time").first
    assert re.fullmatch(r"\d+ \w+, \d\d:\d\d \S+", time.inner_text())
    assert time.get_attribute("title")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time.get_attribute("datetime") or "")
