"""The bar on top of every page, and times, as a browser shows them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import OpenPage
from harness.people import Person
from harness.rows import execute
from harness.world import World

ENTRIES = 8
LONG = "Vereinigte Werkzeugmaschinen- und Getriebefabriken Oberschwaben-Allgaeu GmbH & Co. KG"
_ADD = """([most, longest]) => {
  const bar = document.querySelector('.top nav.wide'), last = bar.lastElementChild;
  for (const name of longest) {
    if (bar.children.length >= most) break;
    const link = last.cloneNode();
    link.removeAttribute('aria-current');
    link.textContent = name;
    bar.insertBefore(link, last);
  }
  return bar.children.length;
}"""
# What wraps is higher than a line, and what does not fit covers what is beside it.
_CROWDED = """() => {
  const top = document.querySelector('.top'), found = [];
  const parts = [...top.querySelectorAll('.brand, nav.wide a, .who > summary')].filter((one) => one.checkVisibility());
  for (const one of parts) {
    const lines = new Set([...one.getClientRects()].map((box) => box.top)).size;
    if (lines > 1 || one.scrollHeight > 60) found.push(`${one.textContent.trim()} wraps`);
  }
  parts.slice(1).forEach((one, index) => {
    const gap = one.getBoundingClientRect().left - parts[index].getBoundingClientRect().right;
    if (gap < -0.5) found.push(`${parts[index].textContent.trim()} covers ${one.textContent.trim()}`);
  });
  const right = parts.at(-1).getBoundingClientRect().right;
  if (right > innerWidth) found.push(`the bar ends at ${right}`);
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
  if (top.offsetHeight !== 57 && top.offsetHeight !== 56) found.push(`the bar is ${top.offsetHeight} high`);
  return found;
}"""


@pytest.mark.parametrize("width", [1440, 1280, 1024])
def test_the_bar_holds_eight_entries_beside_long_names(
    site: World, open_page: OpenPage, someone: Person, width: int
) -> None:
    page = open_page(someone, width=width)
    email = f"{'maximiliane-alexandra.' * 3}oberschwaben@vereinigte-werkzeugmaschinen.example"
    execute(site.server.database, f"UPDATE users SET email = '{email}' WHERE id = '{someone.user_id}'")
    account = f"(SELECT account_id FROM users WHERE id = '{someone.user_id}')"
    before = page.locator(".who .account").inner_text()
    execute(site.server.database, f"UPDATE accounts SET name = '{LONG}' WHERE id = {account}")
    try:
        page.goto("/account/profile")
        assert page.evaluate(_ADD, [ENTRIES, ["Traceability", "Events", "Passports"]]) == ENTRIES
        assert page.evaluate(_CROWDED) == []
        summary = page.locator(".who > summary")
        box = summary.bounding_box()
        assert box is not None
        assert box["width"] > 100, "the names can be read"
        # The whole names, and the way out, are one press away.
        summary.press("Enter")
        menu = page.get_by_role("navigation", name="You")
        expect(menu).to_contain_text(LONG)
        expect(menu).to_contain_text(email)
        expect(menu.get_by_role("button", name="Sign out")).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
    finally:
        execute(site.server.database, f"UPDATE accounts SET name = '{before}' WHERE id = {account}")


_COUNT = """() => document.querySelectorAll('.top nav.wide a').forEach((link) => {
  if (link.querySelector('.badge')) return;
  link.insertAdjacentHTML('beforeend', '<span class="badge">99+</span>');
})"""
# A number may reach into the padding of the next entry, not onto its name.
_COVERED = """() => {
  const links = [...document.querySelectorAll('.top nav.wide a')];
  const name = (link) => {
    const range = document.createRange();
    range.selectNodeContents(link.firstChild);
    return range.getBoundingClientRect();
  };
  return links.slice(1).filter((link, index) => {
    const badge = links[index].querySelector('.badge').getBoundingClientRect(), next = name(link);
    return badge.right > next.left && badge.bottom > next.top;
  }).map((link) => link.textContent);
}"""


@pytest.mark.parametrize("width", [1440, 1280, 1024])
def test_the_bar_has_room_for_what_is_counted(open_page: OpenPage, someone: Person, width: int) -> None:
    page = open_page(someone, width=width)
    page.goto("/account/profile")
    page.evaluate(_COUNT)
    assert page.evaluate(_CROWDED) == []
    assert page.evaluate(_COVERED) == []


def clock_of(page: Page) -> str:
    return page.locator('td[data-label="Signed in"] time').first.inner_text()


@pytest.mark.parametrize(("zone", "name"), [("UTC", "UTC"), ("Asia/Tokyo", r"GMT\+9"), ("Europe/Berlin", "CES?T")])
def test_the_script_shows_times_with_the_zone_of_the_browser(
    open_page: OpenPage, someone: Person, zone: str, name: str
) -> None:
    """It left the zone out: the page without script had it."""
    page = open_page(someone, timezone_id=zone)
    page.goto("/account/sessions")
    assert re.fullmatch(rf"\d+ \w+, \d\d:\d\d {name}", clock_of(page)), clock_of(page)
