"""axe-core finds nothing serious on any page, light and dark, wide and narrow (WCAG 2.2 AA), and no buttons touch.

Every page of the console is looked at: one that the tour does not show fails the test."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlsplit

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
    "/imports/{import_id}/failed-rows", "/events/{event_id}/document", "/events/captures/{capture_id}/faults",
    "/traceability/graph.csv", "/traceability/graph.json", "/traceability/graph.jsonld",
    "/traceability/recalls/{recall_id}/recall.csv",
    # Whoever asks again for where a form was sent is led back.
    f"{CLIENT}/enable", f"{CLIENT}/test", f"{CLIENT}/secrets/{{secret_id}}/extend",
}  # fmt: skip
"""What answers with a file, or leads elsewhere."""
Scheme = Literal["light", "dark"]
# What axe finds depends on the scheme and on whether the page is narrow; a tablet must not scroll sideways.
LOOKS: dict[int, tuple[Scheme, ...]] = {1440: ("light", "dark"), 768: (), 375: ("light",)}
HEIGHT = 900
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES: dict[Scheme, dict[str, Any]] = {
    # Of all rules contrast alone depends on the colours.
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
    "light": {"runOnly": {"type": "tag", "values": LEVELS}},
}


# Pairs of buttons that are nearer than a finger can tell apart; what lies over the page is a layer of its own.
NEAR = """gap => {
  const layer = (one) => one.closest('.menu > nav, .top, .bar, .notice.ending');
  const buttons = [...document.querySelectorAll('button, a.button')].filter((one) => {
    const { width, height } = one.getBoundingClientRect();
    return one.checkVisibility({ visibilityProperty: true }) && width > 1 && height > 1;
  });
  const far = (one, other) => {
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    return Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
  };
  const name = (one) => (one.textContent.trim() || one.getAttribute('aria-label')).slice(0, 40);
  return buttons.flatMap((one, index) => buttons.slice(index + 1)
    .filter((other) => layer(one) === layer(other) && far(one, other) < gap - 0.5)
    .map((other) => `“${name(one)}” and “${name(other)}” are ${far(one, other).toFixed(1)} pixels apart`));
}"""
GAP = 8


def test_axe_finds_no_serious_violation(browser: Browser, showcase: Showcase) -> None:
    page = new_page(browser, showcase.world.server.url, bypass_csp=True)
    script, found, seen = Axe().axe_script, [], set()
    for name in tour(page, showcase):
        seen.add(urlsplit(page.url).path)
        before = page.viewport_size
        page.evaluate(script)
        for width, schemes in LOOKS.items():
            page.set_viewport_size({"width": width, "height": HEIGHT})
            # An anchor leaves targets below the header, which axe takes for neighbours of the links in it.
            page.evaluate("scrollTo(0, 0)")
            for scheme in schemes:
                page.emulate_media(color_scheme=scheme)
                found += _findings(page, f"{name} ({width} wide, {scheme})", RULES[scheme])
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if overflow > 0:
                found.append(f"{name} ({width} wide) is {overflow} pixels too wide")
            found += [f"{name} ({width} wide): {pair}" for pair in page.evaluate(NEAR, GAP)]
        assert before is not None
        page.set_viewport_size(before)
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


def _findings(page: Page, name: str, rules: dict[str, Any]) -> list[str]:
    report: dict[str, Any] = page.evaluate("rules => axe.run(rules)", rules | {"resultTypes": ["violations"]})
    return [
        f"{name}: {one['impact']} {one['id']}: {one['nodes'][0]['html'][:160]} "
        f"{one['nodes'][0].get('failureSummary', '')}"
        for one in report["violations"]
    ]
