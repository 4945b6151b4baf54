"""Every case of GS1's test suite for resolvers, by TLS at a host whose name has a dot, behind nginx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import ServerFactory
from epcis.gs1_files import needs_vectors, vector
from harness import nginx
from harness.client import Client
from harness.nginx import Nginx
from harness.tls import self_signed
from harness.world import World, build_world
from passports.reading import issued
from passports.resolver_suite import HOST, Browser, Suite
from passports.scanning import link_of, slug_of
from passports.units import issue
from products.catalogue import new_gtin

CASES = 32
GRANULARITIES = ("model", "batch", "item", "unknown item", "company")
OF_GTIN, OF_GLN = "basicWalkUp-gtin", "basicWalkUp-gln"
pytestmark = needs_vectors


def cases() -> list[Any]:
    return [] if needs_vectors.args[0] else vector("gs1/resolver-testsuite-cases.json")["cases"]


def requests() -> list[Any]:
    """Each case for each link to which it applies."""
    return [
        pytest.param(granularity, case, id=f"{granularity}-{case['id']}")
        for granularity in GRANULARITIES
        for case in cases()
        if case["id"] != (OF_GTIN if granularity == "company" else OF_GLN)
    ]


class Site:
    """A node behind nginx, whose public address has the name."""

    def __init__(self, world: World, browser: Browser) -> None:
        self.browser = browser
        product, _ = issued(world)
        issue(world, product, {"lot": "L1"}, {"lot": "L1", "serial": "7"}).expect(201)
        gln = new_gtin()
        world.api.patch("/account", bearer=world.owner.access, json={"gln": gln}).expect(200)
        root = f"https://{HOST}"
        self.links = {
            "model": root + link_of(world, product),
            "batch": root + link_of(world, product, "/10/L1"),
            "item": root + link_of(world, product, "/10/L1/21/7"),
            "unknown item": root + link_of(world, product, "/22/V2/10/L1/21/8"),
            "company": f"{root}/{slug_of(world)}/414/{gln}",
        }


@pytest.fixture(scope="module")
def site(engine: str, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if nginx.binary() is None:
        pytest.skip(nginx.ABSENT)
    directory = tmp_path_factory.mktemp("resolver")
    certificate, key = self_signed(directory, [HOST])
    proxy = Nginx(directory, certificate, key)
    settings = {"LINKXG_PUBLIC_URL": f"https://{HOST}", "LINKXG_TRUSTED_PROXIES": "127.0.0.1/32"}
    server = new_server(engine, **settings)
    try:
        proxy.configure([server.port, server.port]).start()
        world = build_world(server, connect=lambda one: Client(proxy.url, one.vault))
        yield Site(world, Browser(proxy.port, certificate))
        world.close()
    finally:
        proxy.stop()
        server.close()


@pytest.mark.parametrize(("granularity", "case"), requests())
def test_the_resolver_passes_the_case(site: Site, granularity: str, case: dict[str, Any]) -> None:
    Suite(site.browser, site.links[granularity]).run(case)


def test_all_cases_are_run() -> None:
    assert len(cases()) == CASES
