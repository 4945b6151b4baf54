"""Starts and drives the browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ABSENT = "there is no Chromium here: apt-get install chromium-headless-shell"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str | None:
    """The browser's path; LINKXG_TEST_CHROMIUM names another one."""
    # The headless shell is the same engine in half the processor time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    named = os.environ.get("LINKXG_TEST_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    return named if named and Path(named).exists() else None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    path = executable()
    assert path is not None, ABSENT
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def new_page(browser: Browser, url: str, *, width: int = 1440, height: int = 900, **options: Any) -> Page:
    """A page in a context of its own: no cookie of another test."""
    options = {"timezone_id": "UTC"} | options
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": height}, reduced_motion="reduce", **options
    )
    context.set_default_timeout(10_000)
    return context.new_page()


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill the form and wait for the page behind it."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def press_sign_out(page: Page) -> None:
    """In the menu of the person, which is closed."""
    page.locator(".who > summary").click()
    page.locator(".who").get_by_role("button", name="Sign out").click()
