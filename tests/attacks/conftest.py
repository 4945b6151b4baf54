"""Servers with special settings that several attack files share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import ServerFactory, checked_for_leaks
from console.conftest import new_visitor
from harness.authenticator import SoftwareAuthenticator
from harness.client import Client
from harness.dpop import DpopClient
from harness.openid_provider import METADATA, OpenIdProvider, send
from harness.passkeys import add_passkey, new_authenticator, renewed
from harness.people import Session
from harness.server import Server
from harness.single_sign_on import running_provider, trusting
from harness.workloads import Workload
from harness.world import World, build_world
from sso.conftest import browser, new_browser, provider, provider_files, sso_world

__all__ = ["browser", "new_browser", "new_visitor", "provider", "provider_files", "sso_world"]

# The tests speak as a proxy on loopback, so that one machine can be many sources.
PROXIED = {
    "LINKXG_LIMIT_SCALE": "1",
    "LINKXG_TRUSTED_PROXIES": "127.0.0.0/8",
    "LINKXG_PUBLIC_URL": "https://api.example.test",
}
METRICS_TOKEN = "metrics-token-of-these-tests-only"
_hosts = itertools.count(1)


def further_attempts(seconds: float) -> int:
    """How many of one attempt after another this time permits beyond the free ones: the delays are 1, 2, 4, … s."""
    return int(math.log2(seconds + 1))


def new_source() -> str:
    """An address of the documentation ranges' neighbour that no test has used: one /24 each."""
    number = next(_hosts)
    return f"100.{64 + number // 250}.{number % 250}.7"


@pytest.fixture(scope="session")
def limited(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A server behind a proxy with the budgets as they ship."""
    yield from checked_for_leaks(
        build_world(new_server(engine, **PROXIED, LINKXG_METRICS_TOKEN=METRICS_TOKEN), new_source())
    )


@pytest.fixture(scope="session")
def quiet(new_server: ServerFactory) -> Iterator[World]:
    """A server for tests of memory, which nobody else's requests change."""
    yield from checked_for_leaks(build_world(new_server("sqlite")))


@pytest.fixture(scope="module")
def foreign_issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpenIdProvider, Path]]:
    """Publishes keys on loopback, with the certificate of its connections."""
    with running_provider(tmp_path_factory.mktemp("issuer")) as started:
        yield started


@pytest.fixture(scope="module")
def fetching(engine: str, new_server: ServerFactory, foreign_issuer: tuple[OpenIdProvider, Path]) -> Iterator[World]:
    """A server that may ask issuers on loopback."""
    yield from checked_for_leaks(build_world(new_server(engine, **trusting(foreign_issuer[1]))))


@pytest.fixture
def ci(foreign_issuer: tuple[OpenIdProvider, Path]) -> OpenIdProvider:
    """An issuer of tokens for jobs, which like GitHub Actions has no other endpoint."""
    found = foreign_issuer[0]
    found.reset()
    document = {"issuer": found.issuer, "jwks_uri": f"{found.issuer}/jwks", "response_types_supported": ["id_token"]}
    found.instead[METADATA] = lambda handler: send(handler, 200, document)
    found.requests.clear()
    return found


@pytest.fixture
def job(fetching: World, ci: OpenIdProvider) -> Workload:
    return Workload(fetching, ci)


@pytest.fixture
def dpop(world: World) -> DpopClient:
    """A client with a nonce of the server."""
    client = DpopClient(world.api, world.oauth)
    client.request_token().expect(200)
    return client


@pytest.fixture(scope="module")
def one_call_server(new_server: ServerFactory) -> Iterator[Server]:
    """A server of which every budget is one request."""
    server = new_server("sqlite", **PROXIED | {"LINKXG_LIMIT_SCALE": "0.00001"})
    server.bootstrap("Acme GmbH")
    yield server.start()
    server.close()


@pytest.fixture
def sources() -> Iterator[Callable[..., Client]]:
    """Makes clients that come from an address of their own."""
    made: list[Client] = []

    def make(server: Server, address: str | None = None) -> Client:
        made.append(server.client(address or new_source()))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def registered(world: World) -> tuple[Session, SoftwareAuthenticator]:
    session, authenticator = world.session(), new_authenticator(world)
    add_passkey(world, session, authenticator)
    return renewed(world, session), authenticator


@pytest.fixture
def session(registered: tuple[Session, SoftwareAuthenticator]) -> Session:
    """Of a person with one passkey."""
    return registered[0]


@pytest.fixture
def authenticator(registered: tuple[Session, SoftwareAuthenticator]) -> SoftwareAuthenticator:
    """With the passkey of that person."""
    return registered[1]
