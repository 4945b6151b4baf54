"""`python -m tests.browser.screenshots [FOLDER]`: pictures of every page, light, dark and on a phone.

Without a folder, the chosen few for the documentation go to `docs/images/`; after a folder, names of pages choose.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Browser

from browser.chromium import chromium, new_page
from browser.showcase import Showcase, build_showcase
from browser.tour import tour
from harness.databases import SqliteDatabase
from harness.server import Server
from harness.vault import Vault
from harness.world import build_world

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DOCUMENTED = (
    "api-access", "secret", "overlap", "rotate", "refused", "product-incomplete", "compare", "import-failed-rows",
)  # fmt: skip
READ_AT = 1200
SETTINGS = {"LINKXG_LIMIT_SCALE": "1000", "LINKXG_SIGN_UP": "invited"}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"width": 1440, "color_scheme": "light"},
    "dark": {"width": 1440, "color_scheme": "dark"},
    "tablet": {"width": 768, "color_scheme": "light"},
    "tablet-dark": {"width": 768, "color_scheme": "dark"},
    "phone": {"width": 375, "height": 812, "color_scheme": "light", "has_touch": True, "is_mobile": True},
    "phone-dark": {"width": 375, "height": 812, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    wanted = set(sys.argv[2:])
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        server = Server(place, SqliteDatabase(place / "linkxg.db"), Vault(), settings=SETTINGS)
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
    options = LOOKS[look]
    if folder == IMAGES and options["width"] > READ_AT:
        # A page of documentation is narrower than a screen: at this size its text can still be read there.
        options = options | {"width": READ_AT, "height": 760}
    page = new_page(browser, showcase.world.server.url, **options)
    for name in tour(page, showcase):
        if wanted is None or name in wanted:
            # A whole page for whoever looks at it; for the documentation no more than the first screen.
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=folder != IMAGES)
    page.context.close()


if __name__ == "__main__":
    main()
