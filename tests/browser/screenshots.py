"""`python -m tests.browser.screenshots [FOLDER]`: pictures of every page, light, dark and on a phone.

Without a folder, the chosen few for the documentation go to `docs/images/`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Browser, Page

from browser.chromium import chromium, new_page, sign_in
from browser.showcase import Showcase, build_showcase
from harness.databases import SqliteDatabase
from harness.server import Server
from harness.vault import Vault
from harness.world import build_world

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DOCUMENTED = ("api-access", "secret", "client", "rotate", "refused")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"width": 1440, "color_scheme": "light"},
    "dark": {"width": 1440, "color_scheme": "dark"},
    "tablet": {"width": 768, "color_scheme": "light"},
    "phone": {"width": 375, "height": 812, "color_scheme": "light", "has_touch": True, "is_mobile": True},
    "phone-dark": {"width": 375, "height": 812, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    wanted = set(sys.argv[2:])
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        server = Server(place, SqliteDatabase(place / "linkxg.db"), Vault(), settings={"LINKXG_LIMIT_SCALE": "1000"})
        world = build_world(server)
        try:
            showcase = build_showcase(world)
            with chromium() as browser:
                for look in LOOKS if folder else ("light", "dark", "phone"):
                    _picture(browser, showcase, look, folder or IMAGES, wanted or (None if folder else set(DOCUMENTED)))
        finally:
            world.close()
            server.close()


def _picture(browser: Browser, showcase: Showcase, look: str, folder: Path, wanted: set[str] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    world = showcase.world
    page = new_page(browser, world.server.url, **LOOKS[look])

    def take(name: str) -> None:
        if wanted is None or name in wanted:
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)

    owner = world.account.owner
    page.goto("/sign-in")
    take("sign-in")
    sign_in(page, owner.email, owner.password)
    take("api-access")
    erp, shop = showcase.erp.client_id, showcase.shop.client_id
    pages = {
        "new-client": "/account/api-access/new",
        "client": f"/account/api-access/{erp}",
        "overlap": f"/account/api-access/{shop}",
        "rotate": f"/account/api-access/{erp}/rotate",
        "least-scope": f"/account/api-access/{erp}/least-scope",
        "delete-client": f"/account/api-access/{erp}/delete",
        "refused": "/account/refusals",
        "members": "/account/members",
        "sessions": "/account/sessions",
        "password": "/account/password",
        "audit": "/account/audit",
        "verdict": "/account/audit/verify",
        "products": "/products",
        "product": f"/products/{showcase.product_id}",
        "error": "/products/none",
    }
    for name, path in pages.items():
        page.goto(path)
        take(name)
    page.goto("/account/members")
    page.get_by_role("link", name=showcase.member.email, exact=True).click()
    take("member")
    made = _secret(page)
    take("secret")
    world.api.delete(f"/oauth/clients/{made}", bearer=world.owner.access).expect(204)
    if look.startswith("phone"):
        page.goto("/account/api-access")
        page.locator(".menu summary").click()
        take("menu")
    page.context.close()


def _secret(page: Page) -> str:
    """Create a client and test it; its id."""
    page.goto("/account/api-access/new")
    page.get_by_label("Name").fill("ERP Integration")
    page.get_by_label("products:read").check()
    page.get_by_label("connections:read").check()
    page.get_by_role("button", name="Create client").click()
    page.get_by_role("button", name="Test this credential").click()
    page.get_by_text("It works.").wait_for()
    return page.locator("#client-id").inner_text()


if __name__ == "__main__":
    main()
