"""The browser and the server that the browser tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from browser.chromium import ABSENT, chromium, executable, new_page, sign_in
from browser.showcase import Showcase, build_showcase
from conftest import ServerFactory, assert_no_leaks, checked_for_leaks
from harness.people import Person
from harness.world import World, build_world

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with the last of these tests: as long as Playwright runs, no other test of this thread can use asyncio."""
    if executable() is None:
        pytest.skip(ABSENT)
    with chromium() as started:
        yield started


def watch(page: Page, url: str, troubles: list[str]) -> None:
    """Notes script faults, violations of the policy and requests to other hosts than `url`."""
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on(
        "console",
        lambda message: troubles.append(message.text) if "Content Security Policy" in message.text else None,
    )
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((url, "about:", "blob:")) else troubles.append(f"elsewhere: {request.url}")
        ),
    )
    # Fires only where a page has script at all.
    page.add_init_script(
        "addEventListener('securitypolicyviolation',"
        " (event) => console.error('Content Security Policy ' + event.violatedDirective));"
    )


@pytest.fixture(scope="session")
def site(new_server: ServerFactory) -> Iterator[World]:
    """A server of the browser tests alone, on SQLite."""
    yield from checked_for_leaks(build_world(new_server("sqlite")))


@pytest.fixture
def someone(site: World) -> Person:
    """An Owner for this test alone."""
    return site.person("OWNER")


@pytest.fixture
def open_page(browser: Browser, site: World) -> Iterator[OpenPage]:
    """Opens pages; a violation of the policy, a request to another host or a script fault fails the test."""
    made: list[Page] = []
    troubles: list[str] = []

    def make(person: Person | None = None, **options: Any) -> Page:
        page = new_page(browser, site.server.url, **options)
        made.append(page)
        watch(page, site.server.url, troubles)
        if person is not None:
            sign_in(page, person.email, person.password)
        return page

    yield make
    for page in made:
        page.context.close()
    assert not troubles, troubles


@pytest.fixture
def owner_page(open_page: OpenPage, someone: Person) -> Page:
    return open_page(someone)


@pytest.fixture(scope="package")
def showcase(new_server: ServerFactory) -> Iterator[Showcase]:
    """An account that has been in use for a month."""
    if executable() is None:
        pytest.skip(ABSENT)
    server = new_server("sqlite")
    try:
        world = build_world(server)
        yield build_showcase(world)
        world.close()
        assert_no_leaks(server)
    finally:
        server.close()
