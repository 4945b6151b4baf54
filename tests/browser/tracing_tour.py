"""The pages of traceability and recalls."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from playwright.sync_api import Page

from browser.showcase import Showcase


def tracing(page: Page, showcase: Showcase) -> Iterator[str]:
    found = showcase.tracing
    jackets, fabric = (quote(uri, safe="") for uri in (found.jackets, found.fabric))
    pages = {
        "traceability": "/traceability",
        "trace": f"/traceability?q={fabric}",
        "trace-truncated": f"/traceability?q={fabric}&depth=1",
        "trace-product": "/traceability?q=09520000010010",
        "trace-refused": "/traceability?q=09520000010010+ABC&day=yesterday",
        "trace-unknown": "/traceability?q=urn:test:none",
        "trace-item": f"/traceability/item?item={jackets}",
        "recalls": "/traceability/recalls",
        "recall-notices": "/traceability/recalls?show=notices",
        "recall-new": "/traceability/recalls/new",
        "recall-impact": f"/traceability/recalls/new?items={fabric}",
        "recall-passed-on": f"/traceability/recalls/new?notice={found.notice}",
        "recall": f"/traceability/recalls/{found.recall}",
        "recall-withdrawn": f"/traceability/recalls/{found.withdrawn}",
        "recall-notice": f"/traceability/notices/{found.notice}",
        "recall-notice-acknowledged": f"/traceability/notices/{found.acknowledged}",
    }
    for name, path in pages.items():
        page.goto(path)
        yield name
    page.goto(pages["recall-impact"])
    page.get_by_role("button", name="Announce recall…").click()
    page.get_by_role("alert").wait_for()
    yield "recall-refused"
    page.get_by_label("Reason").fill("The dye exceeds its limit.")
    page.get_by_label("Items or lots").fill(f"{found.fabric}\n{found.jackets}")
    page.get_by_role("button", name="Show whom it concerns").click()
    page.get_by_role("alert").wait_for(state="hidden")
    yield "recall-items-changed"
    page.get_by_role("button", name="Announce recall…").click()
    page.get_by_role("heading", name="Announce this recall?").wait_for()
    yield "recall-ask-first"
    page.goto(pages["recall"])
    page.get_by_role("button", name="Withdraw recall…").click()
    page.get_by_role("heading", name="Withdraw this recall?").wait_for()
    yield "recall-withdraw"
