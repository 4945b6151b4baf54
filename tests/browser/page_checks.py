"""What is looked for on every page: barriers (axe-core), sideways scrolling, and distances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
# What axe finds depends on the scheme and on whether the page is narrow; a tablet must not scroll sideways.
LOOKS: dict[int, tuple[Scheme, ...]] = {1440: ("light", "dark"), 768: (), 375: ("light",)}
HEIGHT = 900
_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RULES: dict[Scheme, dict[str, Any]] = {
    # Of all rules contrast alone depends on the colours.
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
    "light": {"runOnly": {"type": "tag", "values": _LEVELS}},
}
_AXE = Axe().axe_script
_TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - innerWidth)"

# Pairs of buttons that are nearer than a finger can tell apart; what lies over the page is a layer of its own.
_NEAR = """gap => {
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
_FINGER = 8

# Blocks below each other that touch, or are further apart than two sections.
_RHYTHM = """([least, most]) => {
  const joined = '.boxes, .segments, .tabs, .parts, .menu > nav';
  const parents = 'main, main :is(section, aside, details, form, fieldset), .notice, .narrow';
  const blocks = (parent) => [...parent.children].filter((one) => {
    const { display, position } = getComputedStyle(one), { width, height } = one.getBoundingClientRect();
    return !display.startsWith('inline') && !['absolute', 'fixed', 'sticky'].includes(position)
      && one.checkVisibility() && width > 1 && height > 1;
  });
  const text = (one) => one.textContent.trim().replace(/\\s+/g, ' ').slice(0, 40);
  const name = (one) => `${one.localName}.${one.className} “${text(one)}”`;
  return [...document.querySelectorAll(parents)].filter((one) => !one.matches(joined)).flatMap((parent) => {
    const found = blocks(parent);
    return found.slice(1).flatMap((one, index) => {
      const a = found[index].getBoundingClientRect(), b = one.getBoundingClientRect();
      const gap = b.top - a.bottom;
      // Beside each other, or the other way round; boxes have a distance of their own.
      const isBelow = b.left < a.right && a.left < b.right && b.bottom > a.top && !one.matches('.box');
      if (!isBelow || (gap >= least && gap <= most)) return [];
      return [`${name(found[index])} and ${name(one)} are ${gap.toFixed(1)} pixels apart`];
    });
  });
}"""
_RHYTHM_FROM_TO = (3.5, 56)


def examine(page: Page, name: str) -> Iterator[tuple[str, str]]:
    """Looks at the page in every width, then shows it as before; (kind, finding).

    The kinds are `barriers`, which axe finds (WCAG 2.2 AA), `overflows`, `near buttons` and `gaps`.
    """
    before = page.viewport_size
    assert before is not None
    page.evaluate(_AXE)
    for width, schemes in LOOKS.items():
        page.set_viewport_size({"width": width, "height": HEIGHT})
        # An anchor leaves targets below the header, which axe takes for neighbours of the links in it.
        page.evaluate("scrollTo(0, 0)")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            yield from (("barriers", one) for one in _violations(page, f"{name} ({width} wide, {scheme})", scheme))
        where = f"{name} ({width} wide)"
        if pixels := page.evaluate(_TOO_WIDE):
            yield "overflows", f"{where} is {pixels} pixels too wide"
        yield from (("near buttons", f"{where}: {pair}") for pair in page.evaluate(_NEAR, _FINGER))
        yield from (("gaps", f"{where}: {pair}") for pair in page.evaluate(_RHYTHM, list(_RHYTHM_FROM_TO)))
    page.set_viewport_size(before)


def _violations(page: Page, name: str, scheme: Scheme) -> list[str]:
    rules = _RULES[scheme] | {"resultTypes": ["violations"]}
    report: dict[str, Any] = page.evaluate("rules => axe.run(rules)", rules)
    return [
        f"{name}: {one['impact']} {one['id']}: {one['nodes'][0]['html'][:160]} "
        f"{one['nodes'][0].get('failureSummary', '')}"
        for one in report["violations"]
    ]
