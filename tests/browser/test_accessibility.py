"""Does axe-core find anything serious on any page, in light and dark, wide and narrow (WCAG 2.2 AA)?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser.chromium import ABSENT, executable, new_page, sign_in
from browser.showcase import Showcase, build_showcase
from conftest import ServerFactory
from harness.world import World, build_world

WIDTHS = {"wide": 1440, "tablet": 768, "phone": 375}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


@pytest.fixture(scope="module")
def showcase(new_server: ServerFactory) -> Iterator[Showcase]:
    if executable() is None:
        pytest.skip(ABSENT)
    world: World = build_world(new_server("sqlite"))
    yield build_showcase(world)
    world.close()
    world.server.close()


def _pages(showcase: Showcase) -> list[str]:
    erp, shop = (f"/account/api-access/{client.client_id}" for client in (showcase.erp, showcase.shop))
    return [
        "/account/api-access", "/account/api-access/new", erp, shop, f"{erp}/rotate", f"{erp}/delete",
        f"{erp}/least-scope", "/account/refusals", "/account/members", f"/account/members/{showcase.member.user_id}",
        "/account/sessions", "/account/password", "/account/audit", "/account/audit/verify", "/products",
        f"/products/{showcase.product_id}", "/imports", "/nothing",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser: Browser, showcase: Showcase, width: str, scheme: str) -> None:
    page = new_page(browser, showcase.world.server.url, width=WIDTHS[width], color_scheme=scheme, bypass_csp=True)
    axe, found = Axe(), []
    page.goto("/sign-in")
    found += _findings(axe, page)
    owner = showcase.world.account.owner
    sign_in(page, owner.email, owner.password)
    for path in _pages(showcase):
        page.goto(path)
        found += _findings(axe, page)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if overflow > 0:
            found.append(f"{path} is {overflow} pixels too wide")
    page.goto("/account/api-access/new")
    page.get_by_label("Name").fill("Axe")
    page.get_by_label("dpp:read").check()
    page.get_by_role("button", name="Create client").click()
    page.locator("#secret").wait_for()
    found += _findings(axe, page)
    page.context.close()
    assert not found, "\n".join(found)


def _findings(axe: Axe, page: Page) -> list[str]:
    report: dict[str, Any] = axe.run(page, options=RULES).response
    return [
        f"{page.url}: {one['impact']} {one['id']}: {one['nodes'][0]['html'][:160]} "
        f"{one['nodes'][0].get('failureSummary', '')}"
        for one in report["violations"]
    ]
