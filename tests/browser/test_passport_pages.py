"""The page of a passport on a phone: without scripts, without barriers, nothing from elsewhere."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.conftest import OpenPage
from browser.page_checks import examine
from harness.world import World
from passports.contents import FULL
from passports.reading import issued


def test_a_phone_shows_the_passport_without_scripts(open_page: OpenPage, site: World) -> None:
    _, passport_id = issued(site, **FULL)
    phone = open_page(java_script_enabled=False, width=375, height=700)
    phone.goto(f"/dpp/{passport_id}")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Hex bolt")
    expect(phone.get_by_role("rowheader", name="Steel")).to_be_visible()
    expect(phone.get_by_alt_text("QR code of this passport")).to_be_visible()


def test_the_passport_has_no_barriers(open_page: OpenPage, site: World) -> None:
    _, passport_id = issued(site, **FULL, access={"brand": ["authority"]})
    page = open_page(bypass_csp=True)
    page.goto(f"/dpp/{passport_id}")
    found = [one for kind, one in examine(page, "passport") if kind in ("barriers", "overflows")]
    assert found == []
