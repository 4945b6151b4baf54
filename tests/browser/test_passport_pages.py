"""The page of a passport on a phone: without scripts, without barriers, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import zxingcpp
from playwright.sync_api import Browser, Page, expect

from browser.chromium import new_page
from browser.conftest import OpenPage
from browser.page_checks import examine
from browser.showcase_tracing import in_thread
from harness.world import World
from passports.contents import FULL
from passports.reading import issued
from passports.test_page_journeys import PUBLIC, Cloth
from passports.units import end, issue
from products.catalogue import change, publish

PHONE: dict[str, Any] = {"width": 375, "height": 700}
MAX_BYTES, SLOW_MS = 60_000, 3_000
SLOW_LINE = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""Bytes a second and milliseconds: a phone at the edge of a cell."""


@pytest.fixture
def large(site: World) -> str:
    """A passport with every section: the id of an item with a journey, a history and something withheld."""
    cloth: Cloth = in_thread(Cloth, site, PUBLIC)
    members = FULL | {"access": {**PUBLIC, "brand": ["authority"]}}
    change(site, cloth.product, {"content": members}).expect(200)
    publish(site, cloth.product).expect(200)
    identity = {"lot": cloth.cloth.lot, "serial": cloth.piece.serial}
    (item,) = issue(site, cloth.product, identity).expect(201).data()
    end(site, item["id"], "life-status", {"lifeStatus": "re-used"}).expect(200)
    return str(item["id"])


def test_a_phone_shows_the_passport_without_scripts(open_page: OpenPage, site: World, large: str) -> None:
    phone = open_page(java_script_enabled=False, **PHONE)
    phone.goto(f"/dpp/{large}")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Cloth")
    expect(phone.get_by_role("rowheader", name="Steel")).to_be_visible()
    expect(phone.get_by_role("img", name="Shares of the mass")).to_be_visible()
    expect(phone.get_by_alt_text("QR code of this passport")).to_be_visible()
    for heading in ("Product", "Materials", "Claims and certificates", "Journey", "History", "Not shown here"):
        expect(phone.get_by_role("region", name=heading, exact=True)).to_be_visible()
    journey = phone.get_by_role("region", name="Journey").get_by_role("listitem")
    expect(journey.first).to_contain_text("Made: Fine yarn")
    history = phone.get_by_role("region", name="History").get_by_role("listitem")
    expect(history.first).to_contain_text("Life status is now: re-used")
    phone.get_by_role("link", name="Deutsch").click()
    expect(phone.get_by_role("region", name="Materialien", exact=True)).to_be_visible()
    expect(phone.locator("html")).to_have_attribute("lang", "de")
    phone.get_by_role("link", name="English").click()
    expect(phone.locator("html")).to_have_attribute("lang", "en")


def test_the_language_is_that_of_the_phone(open_page: OpenPage, site: World) -> None:
    _, passport_id = issued(site, **FULL)
    phone = open_page(java_script_enabled=False, locale="de-DE", **PHONE)
    phone.goto(f"/dpp/{passport_id}")
    expect(phone.get_by_role("rowheader", name="Steel")).to_be_visible()
    expect(phone.get_by_role("cell", name="Schweden")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_passport_has_no_barriers(open_page: OpenPage, site: World, large: str, language: str) -> None:
    page = open_page(bypass_csp=True)
    page.goto(f"/dpp/{large}?lang={language}")
    found = [one for kind, one in examine(page, "passport") if kind in ("barriers", "overflows", "near buttons")]
    assert found == []


def test_all_that_a_phone_loads_is_small_and_from_here(open_page: OpenPage, site: World, large: str) -> None:
    """`open_page` fails the test for a request to anybody else."""
    phone = open_page(**PHONE)
    sizes: dict[str, int] = {}
    phone.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    phone.goto(f"/dpp/{large}", wait_until="networkidle")
    assert set(sizes) == {f"{site.server.url}/dpp/{large}", f"{site.server.url}/dpp/{large}/qr"}
    assert sum(sizes.values()) <= MAX_BYTES
    assert phone.evaluate("document.scripts.length") == 0


def test_a_passport_is_readable_in_three_seconds_on_a_slow_line(open_page: OpenPage, site: World, large: str) -> None:
    phone = open_page(**PHONE)
    session = phone.context.new_cdp_session(phone)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_LINE)
    phone.goto(f"/dpp/{large}", wait_until="load")
    painted = phone.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    loaded = phone.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert painted <= SLOW_MS
    assert loaded <= SLOW_MS


def test_a_passport_is_printed_whole(open_page: OpenPage, site: World, large: str) -> None:
    """All of it on paper, without the switch, with the addresses of documents, in the colours of the chart."""
    page = open_page(width=794, height=1_123)
    page.goto(f"/dpp/{large}")
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Deutsch")).to_be_hidden()
    expect(page.get_by_alt_text("QR code of this passport")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    link = page.get_by_role("link", name="Manual")
    assert "manual.pdf" in link.evaluate("link => getComputedStyle(link, '::after').content")
    bar = page.locator("svg rect").first
    assert bar.evaluate("bar => getComputedStyle(bar.ownerSVGElement).printColorAdjust") == "exact"
    assert page.evaluate("[...document.images].every((one) => one.complete && one.loading !== 'lazy')")


@pytest.fixture
def camera(browser: Browser, site: World) -> Iterator[Page]:
    """A page whose pixels can be read."""
    page = new_page(browser, site.server.url, bypass_csp=True, **PHONE)
    yield page
    page.context.close()


PIXELS = """async (image) => {
  await image.decode();
  const canvas = document.createElement('canvas'), side = image.width * devicePixelRatio;
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, side, side);
  context.drawImage(image, 0, 0, side, side);
  const { data } = context.getImageData(0, 0, side, side);
  return Array.from({ length: side * side }, (_, at) => data[4 * at]);
}"""


def test_the_qr_code_of_the_page_is_read_from_the_screen(camera: Page, site: World, large: str) -> None:
    camera.goto(f"/dpp/{large}")
    shown = camera.get_by_alt_text("QR code of this passport")
    grey = bytes(shown.evaluate(PIXELS))
    side = int(len(grey) ** 0.5)
    assert side == 160
    (found,) = zxingcpp.read_barcodes(memoryview(grey).cast("B", (side, side)))
    exact = site.api.get(f"//dpp/{large}/qr").expect(200).header("x-carrier-link")
    assert found.text == exact
    opened = camera.goto(found.text)
    assert opened is not None
    assert opened.url.partition("?")[0] == f"{site.server.url}/dpp/{large}"


@pytest.mark.parametrize("language", ["en", "de"])
def test_asking_for_access_has_no_barriers_and_needs_no_script(
    open_page: OpenPage, site: World, large: str, language: str
) -> None:
    phone = open_page(java_script_enabled=False, **PHONE)
    phone.goto(f"/dpp/{large}?lang={language}")
    phone.locator("#withheld ~ p > a").click()
    expect(phone.locator("html")).to_have_attribute("lang", language)
    phone.locator("#purpose").fill("Repair\nof this piece")
    phone.locator("#contact").fill("me")
    phone.get_by_role("button").click()
    expect(phone.locator("#purpose")).to_have_value("Repair of this piece")
    expect(phone.locator("#contact")).to_have_attribute("aria-invalid", "true")
    phone.locator("#contact").fill("shop@repair.example")
    phone.get_by_role("button").click()
    expect(phone.get_by_role("status")).to_be_visible()
    page = open_page(bypass_csp=True)
    for path in (f"/dpp/{large}/ask?lang={language}", f"/dpp/{large}/ask?lang={language}&sent=yes"):
        page.goto(path)
        found = [one for kind, one in examine(page, "ask") if kind in ("barriers", "overflows", "near buttons")]
        assert found == []


def test_the_chart_of_materials_is_as_wide_as_the_shares(open_page: OpenPage, site: World) -> None:
    _, passport_id = issued(site, **FULL)
    page = open_page(width=1280, height=900)
    page.goto(f"/dpp/{passport_id}")
    chart = page.get_by_role("img", name="Shares of the mass").bounding_box()
    first = page.locator("svg rect").first
    bar, share = first.bounding_box(), int(first.get_attribute("width") or 0) / 1_000
    assert chart is not None
    assert bar is not None
    assert abs(bar["x"] - chart["x"]) < 1
    assert abs(bar["width"] - chart["width"] * share) < 2
