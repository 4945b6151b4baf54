"""The pages of passports: their preview, access requests, and links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playwright.sync_api import Page

from browser.showcase import Showcase


def passports(page: Page, showcase: Showcase) -> Iterator[str]:
    sharing, stock = showcase.sharing, showcase.stock
    pages = {
        "passport-preview": f"/products/{stock.versioned}/passport/preview",
        "passport-compared": f"/products/{stock.versioned}/passport/preview?as=public&with=everything",
        "passport-labels": f"/products/{stock.versioned}/passport/labels",
        "passport-labels-refused": f"/products/{stock.versioned}/passport/labels?serials=1%0A2",
        "passport-access": f"/products/{stock.versioned}/passport/access",
        "passport-units-new": f"/products/{stock.versioned}/passport/units/new",
        "passport-link-new": f"/products/{stock.versioned}/passport/link",
        "passport-requests": "/requests/passports",
        "passport-request": f"/requests/passports/{sharing.access_request}",
        "passport-links": "/requests/passport-links",
        "passport-grant": f"/requests/passport-links/{sharing.grant}",
    }
    for name, path in pages.items():
        page.goto(path)
        yield name
    yield from _units(page, f"/products/{stock.versioned}/passport")
    page.goto(f"/products/{stock.versioned}/passport/link")
    page.get_by_role("button", name="Create link").click()
    page.get_by_role("alert").wait_for()
    yield "passport-link-refused"
    page.get_by_label("For whom").fill("Market surveillance of Hamburg")
    page.get_by_label("Purpose (shown to them)").fill("File 4711")
    page.get_by_label("Authority").check()
    page.get_by_role("button", name="Create link").click()
    page.get_by_role("heading", name="Copy this link now").wait_for()
    showcase.world.vault.remember("link to a passport", page.locator("#secret").inner_text().rpartition("/")[2])
    yield "passport-link"
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Revoke access…").click()
    page.get_by_role("heading", name="Revoke this access?").wait_for()
    yield "passport-link-revoke"
    page.goto(f"/requests/passports/{sharing.access_request}")
    page.get_by_label("Ends on").fill("2020-01-01")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("alert").wait_for()
    yield "passport-request-refused"


def _units(page: Page, passport: str) -> Iterator[str]:
    """The passport of an item: issued, given a life status, and almost withdrawn."""
    page.goto(f"{passport}/units/new")
    page.get_by_role("button", name="Issue passports").click()
    page.get_by_role("alert").wait_for()
    yield "passport-units-refused"
    page.get_by_label("Serial numbers").fill("T1")
    page.get_by_role("button", name="Issue passports").click()
    page.locator("#done").wait_for()
    yield "passport-units-issued"
    page.get_by_role("link", name=re.compile("^Item")).first.click()
    page.get_by_role("heading", name="Passport of an item").wait_for()
    yield "passport-unit"
    page.get_by_role("button", name="Withdraw…").click()
    page.get_by_role("alert").wait_for()
    yield "passport-unit-refused"
    page.get_by_label("Reason").fill("It was not sold.")
    page.get_by_role("button", name="Withdraw…").click()
    page.get_by_role("heading", name="Withdraw this passport?").wait_for()
    yield "passport-unit-withdraw"
