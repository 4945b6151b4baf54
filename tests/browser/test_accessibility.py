"""Does axe-core find anything serious on any page, in light and dark, wide and narrow (WCAG 2.2 AA)?

Every page of the console is looked at: one that the tour does not show fails the test."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser.chromium import new_page
from browser.showcase import Showcase
from browser.tour import tour
from console.test_permissions import PAGES

CLIENT = "/account/api-access/{client_id}"
NO_PAGES = {
    "/", "/account/audit.csv", "/account/audit.ndjson", f"{CLIENT}/env", "/imports/template",
    "/account/sessions/left",
    "/imports/{import_id}/failed-rows",
    # Whoever asks again for where a form was sent is led back.
    f"{CLIENT}/enable", f"{CLIENT}/test", f"{CLIENT}/secrets/{{secret_id}}/extend",
}  # fmt: skip
"""What answers with a file, or leads elsewhere."""
WIDTHS = {"wide": 1440, "tablet": 768, "phone": 375}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(browser: Browser, showcase: Showcase, width: str, scheme: str) -> None:
    page = new_page(browser, showcase.world.server.url, width=WIDTHS[width], color_scheme=scheme, bypass_csp=True)
    axe, found, seen = Axe(), [], set()
    for name in tour(page, showcase):
        seen.add(urlsplit(page.url).path)
        found += _findings(axe, page, name)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if overflow > 0:
            found.append(f"{name} is {overflow} pixels too wide")
    page.context.close()
    assert not found, "\n".join(found)
    assert _never_seen(seen) == NO_PAGES, "Show every page in tests/browser/tour.py."


def _never_seen(paths: set[str]) -> set[str]:
    """Which addresses of the console none of these is."""
    templates = {path for method, path, _ in PAGES if method == "GET"}
    shapes = {template: re.compile(re.sub(r"{\w+(:\w+)?}", "[^/]+", template)) for template in templates}
    # The longest template without a gap comes first: /products/new is no product.
    met = {min(fitting, key=lambda one: one.count("{")) for path in paths if (fitting := _fitting(shapes, path))}
    return templates - met


def _fitting(shapes: dict[str, re.Pattern[str]], path: str) -> list[str]:
    return [template for template, shape in shapes.items() if shape.fullmatch(path)]


def _findings(axe: Axe, page: Page, name: str) -> list[str]:
    report: dict[str, Any] = axe.run(page, options=RULES).response
    return [
        f"{name}: {one['impact']} {one['id']}: {one['nodes'][0]['html'][:160]} "
        f"{one['nodes'][0].get('failureSummary', '')}"
        for one in report["violations"]
    ]
