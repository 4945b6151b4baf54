"""The drawing of a trace is zoomed, moved and walked by keyboard; without script it scrolls."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import OpenPage
from browser.showcase_tracing import in_thread
from harness.people import Person
from harness.world import World
from linkxg.network.epcis.documents.model import Item
from traceability.chain import made
from traceability.test_routes import capture, new_lots


@pytest.fixture
def chain(site: World) -> list[Item]:
    """Eight lots, each made of the one before; two siblings of the third."""
    lots = new_lots(9)
    events = [made([lots[at]], [lots[at + 1]], at=at) for at in range(7)]
    in_thread(capture, site, site.account.account_id, *events, made([lots[2]], [lots[8]], at=20))
    return lots


def opened(page: Page, item: Item) -> Locator:
    page.goto(f"/traceability?q={quote(item.uri, safe='')}")
    view = page.get_by_role("region", name="Drawing of the trace")
    expect(view).to_be_visible()
    return view


def node(page: Page, item: Item) -> Locator:
    return page.locator(f'.node[aria-label*="Lot {item.lot}"]')


def height(node: Locator) -> float:
    """Of its middle in the drawing, from the top."""
    box = node.bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2


def scale(view: Locator) -> float:
    return float(
        view.evaluate("view => view.firstElementChild.clientWidth / view.firstElementChild.viewBox.baseVal.width")
    )


def test_buttons_and_keys_zoom(owner_page: Page, chain: list[Item]) -> None:
    view = opened(owner_page, chain[2])
    expect(owner_page.locator(".graph-tools")).to_be_visible()
    owner_page.get_by_role("button", name="Zoom in").click()
    assert scale(view) == pytest.approx(1.25, abs=0.01)
    view.focus()
    owner_page.keyboard.press("-")
    assert scale(view) == pytest.approx(1, abs=0.01)
    owner_page.keyboard.press("0")
    assert scale(view) < 1
    assert view.evaluate("view => view.scrollWidth <= view.clientWidth + 1")
    for _ in range(20):
        owner_page.keyboard.press("-")
    assert scale(view) == pytest.approx(0.2, abs=0.01)


def test_the_wheel_zooms_only_with_control(owner_page: Page, chain: list[Item]) -> None:
    view = opened(owner_page, chain[2])
    view.hover()
    owner_page.keyboard.down("Control")
    owner_page.mouse.wheel(0, -100)
    owner_page.keyboard.up("Control")
    owner_page.wait_for_function("document.querySelector('.graph-view svg').clientWidth > 2500")
    assert scale(view) == pytest.approx(1.25, abs=0.01)


def test_dragging_moves_and_opens_nothing(owner_page: Page, chain: list[Item]) -> None:
    view = opened(owner_page, chain[2])
    before = view.evaluate("view => view.scrollLeft")
    box = node(owner_page, chain[2]).bounding_box()
    assert box is not None
    owner_page.mouse.move(box["x"] + 20, box["y"] + 20)
    owner_page.mouse.down()
    owner_page.mouse.move(box["x"] - 120, box["y"] + 20, steps=4)
    owner_page.mouse.up()
    assert view.evaluate("view => view.scrollLeft") - before == pytest.approx(140, abs=3)
    assert "/traceability?q=" in owner_page.url
    node(owner_page, chain[3]).click()
    expect(owner_page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_arrow_keys_lead_from_item_to_item(owner_page: Page, chain: list[Item]) -> None:
    opened(owner_page, chain[2])
    root = node(owner_page, chain[2])
    # One stop of the tab key, once the script has begun.
    expect(owner_page.locator('.node[tabindex="0"]')).to_have_count(1)
    root.focus()
    owner_page.keyboard.press("ArrowLeft")
    expect(node(owner_page, chain[1])).to_be_focused()
    owner_page.keyboard.press("ArrowRight")
    expect(root).to_be_focused()
    siblings = [node(owner_page, chain[3]), node(owner_page, chain[8])]
    upper, lower = sorted(siblings, key=height)
    owner_page.keyboard.press("ArrowRight")
    expect(min(siblings, key=lambda sibling: abs(height(sibling) - height(root)))).to_be_focused()
    # Also where there is nothing further in that direction.
    for key, expected in (("Up", upper), ("Up", upper), ("Down", lower), ("Down", lower), ("Up", upper)):
        owner_page.keyboard.press(f"Arrow{key}")
        expect(expected).to_be_focused()
    owner_page.keyboard.press("Escape")
    assert owner_page.evaluate("document.activeElement.className") == "graph-view"


def test_enter_opens_the_item(owner_page: Page, chain: list[Item]) -> None:
    opened(owner_page, chain[2])
    node(owner_page, chain[2]).focus()
    owner_page.keyboard.press("Enter")
    expect(owner_page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_without_script_the_drawing_scrolls(open_page: OpenPage, someone: Person, chain: list[Item]) -> None:
    page = open_page(someone, java_script_enabled=False)
    view = opened(page, chain[2])
    expect(page.locator(".graph-tools")).to_be_hidden()
    box = view.bounding_box()
    drawing = view.locator("svg").first.bounding_box()
    assert box is not None
    assert drawing is not None
    assert drawing["width"] > box["width"]
    expect(page.locator("#table tbody tr").first).to_be_visible()
