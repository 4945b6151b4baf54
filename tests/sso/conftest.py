"""A server that trusts a provider on loopback, for each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.openid_provider import OpenIdProvider, SignedInPerson
from harness.single_sign_on import SsoVisitor, address_of, connect, running_provider, trusting, verify_domain
from harness.world import World, build_world

DOMAIN = "acme.test"
NewBrowser = Callable[[], SsoVisitor]


@pytest.fixture(scope="session")
def provider_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpenIdProvider, Path]]:
    """A provider and its certificate."""
    with running_provider(tmp_path_factory.mktemp("provider")) as started:
        yield started


@pytest.fixture(scope="session")
def sso_world(engine: str, new_server: ServerFactory, provider_files: tuple[OpenIdProvider, Path]) -> Iterator[World]:
    """A server whose first account signs in by the provider, with the domain `acme.test`."""
    server = new_server(engine, **trusting(provider_files[1]))
    built = build_world(server)
    provider_files[0].reset()
    connect(built, provider_files[0]).expect(200)
    verify_domain(server, built.account.account_id, DOMAIN)
    yield from checked_for_leaks(built)


@pytest.fixture
def provider(sso_world: World, provider_files: tuple[OpenIdProvider, Path]) -> OpenIdProvider:
    """The honest provider, connected as at the beginning, with a person who has not signed in yet."""
    found = provider_files[0]
    found.reset()
    connect(sso_world, found).expect(200)
    found.person = SignedInPerson(f"sub-{address_of(DOMAIN)}", address_of(DOMAIN))
    found.requests.clear()
    return found


@pytest.fixture
def new_browser(sso_world: World, provider_files: tuple[OpenIdProvider, Path]) -> Iterator[NewBrowser]:
    made: list[SsoVisitor] = []

    def make() -> SsoVisitor:
        made.append(SsoVisitor(sso_world.server.url, sso_world.vault, provider_files[1]))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()


@pytest.fixture
def browser(new_browser: NewBrowser) -> SsoVisitor:
    return new_browser()
