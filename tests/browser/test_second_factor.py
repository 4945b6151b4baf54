"""A second factor in the browser: set up, used, lost, replaced by a recovery code, and reset by an Owner."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from browser.chromium import sign_in
from browser.conftest import OpenPage
from harness.factors import Authenticator, forget_steps
from harness.people import Person
from harness.world import World


def first_step(page: Page, person: Person) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Code of your authenticator app")).to_be_focused()


def test_an_app_is_set_up_used_lost_and_reset(site: World, open_page: OpenPage, someone: Person) -> None:
    person = site.person("ADMIN")
    page = open_page(person, width=375, height=812, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/account/sessions")
    page.get_by_role("link", name="second factor").click()
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.locator(".qr svg")).to_be_visible()
    secret = site.vault.remember("secret of an authenticator app", page.locator("#totp-secret").inner_text())
    app = Authenticator(secret)
    page.get_by_label("Code of your authenticator app").fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("The code is incorrect.")
    page.get_by_label("Code of your authenticator app").fill(app.code())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    codes = [site.vault.remember("recovery code", one) for one in page.locator(".codes code").all_inner_texts()]
    assert len(codes) == 10
    page.get_by_role("button", name="Copy codes").click()
    expect(page.locator("#announcer")).to_have_text("Recovery codes copied")
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as text").click()
    assert codes[9] in download.value.path().read_text()
    page.get_by_role("link", name="I have stored them").click()
    assert codes[0] not in page.content()

    page.context.clear_cookies()
    forget_steps(site, person, app)
    first_step(page, person)
    page.get_by_label("Code of your authenticator app").fill(app.code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("/account/api-access$|/products$|/$"))

    page.context.clear_cookies()
    first_step(page, person)
    page.get_by_role("button", name="Use a recovery code instead").click()
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/account/security")
    expect(page.locator("#recovery")).to_contain_text("9 of 10 are left.")

    owner = open_page(someone)
    owner.goto(f"/account/members/{person.user_id}")
    owner.get_by_role("button", name="Reset second factors…").click()
    owner.get_by_role("button", name="Reset second factors").click()
    expect(owner.get_by_role("status").first).to_contain_text("second factors and recovery codes are removed")
    page.reload()
    expect(page).to_have_url(re.compile("/sign-in"))
    sign_in(page, person.email, person.password)
