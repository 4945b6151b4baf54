"""Does axe-core find anything serious on any page, in light and dark, wide and narrow (WCAG 2.2 AA)?"""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser.chromium import new_page
from browser.showcase import Showcase
from browser.tour import tour

WIDTHS = {"wide": 1440, "tablet": 768, "phone": 375}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser: Browser, showcase: Showcase, width: str, scheme: str) -> None:
    page = new_page(browser, showcase.world.server.url, width=WIDTHS[width], color_scheme=scheme, bypass_csp=True)
    axe, found = Axe(), []
    for name in tour(page, showcase):
        found += _findings(axe, page, name)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if overflow > 0:
            found.append(f"{name} is {overflow} pixels too wide")
    page.context.close()
    assert not found, "\n".join(found)


def _findings(axe: Axe, page: Page, name: str) -> list[str]:
    report: dict[str, Any] = axe.run(page, options=RULES).response
    return [
        f"{name}: {one['impact']} {one['id']}: {one['nodes'][0]['html'][:160]} "
        f"{one['nodes'][0].get('failureSummary', '')}"
        for one in report["violations"]
    ]
