"""No tenant's slow DNS, stalled provider or odd address concerns the others. Security rules 206, 207 and 209."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket

import pytest

from attacks.cases import case
from conftest import ServerFactory, checked_for_leaks
from harness.openid_provider import METADATA, OpenIdProvider, send
from harness.people import Session
from harness.single_sign_on import connect, connection, running_provider, trusting
from harness.world import World, build_world
from linkxg.identity.federation.addresses import may_connect
from network.partners import new_account

SOURCES = Path(__file__).parents[2] / "src" / "linkxg" / "identity" / "federation"
STALLED_ACCOUNTS, REQUESTS_EACH = 8, 4


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpenIdProvider, Path]]:
    with running_provider(tmp_path_factory.mktemp("loopback-provider"), host="localhost") as started:
        yield started


@pytest.fixture(scope="module")
def permitted(new_server: ServerFactory, loopback: tuple[OpenIdProvider, Path]) -> Iterator[World]:
    """A server that may connect to loopback, and resolves names as the system is set up."""
    yield from checked_for_leaks(build_world(new_server("sqlite", **trusting(loopback[1]))))


@pytest.fixture(scope="module")
def silent(new_server: ServerFactory, loopback: tuple[OpenIdProvider, Path]) -> Iterator[World]:
    """A server whose DNS server never answers."""
    with socket(AF_INET, SOCK_DGRAM) as unanswered:
        unanswered.bind(("127.0.0.1", 0))
        settings = trusting(loopback[1]) | {"LINKXG_DNS_SERVER": f"127.0.0.1:{unanswered.getsockname()[1]}"}
        yield from checked_for_leaks(build_world(new_server("sqlite", **settings)))


def put(world: World, owner: Session, provider: OpenIdProvider, issuer: str) -> int:
    """The status."""
    body = connection(provider, issuer=issuer)
    return world.api.request("PUT", "/account/identity-provider", bearer=owner.access, json=body).status


def test_rule_206_no_name_is_looked_up_in_a_thread() -> None:
    """The system's resolver has four of a worker, and a wait that ends does not end what runs in one."""
    assert [path.name for path in SOURCES.glob("*.py") if "getaddrinfo" in path.read_text()] == []


def test_rule_206_slow_names_of_one_account_keep_no_other_waiting(
    silent: World, loopback: tuple[OpenIdProvider, Path]
) -> None:
    provider = loopback[0]
    other = new_account(silent)
    slow = [
        threading.Thread(target=put, args=(silent, silent.owner, provider, f"https://slow{n}.example.test"))
        for n in range(4)
    ]
    for thread in slow:
        thread.start()
    # Its metadata name another issuer: it was reached.
    assert put(silent, other, provider, provider.issuer.replace("localhost", "127.0.0.1")) == 422
    assert all(thread.is_alive() for thread in slow), "they were waited for"
    for thread in slow:
        thread.join()


def test_rule_206_the_names_of_the_operator_are_honoured(
    permitted: World, loopback: tuple[OpenIdProvider, Path]
) -> None:
    """As /etc/hosts has them, where the operator permits private addresses."""
    connect(permitted, loopback[0]).expect(200)


def test_rule_206_a_stranger_reads_no_name_of_this_machine(
    new_server: ServerFactory, loopback: tuple[OpenIdProvider, Path]
) -> None:
    world = build_world(new_server("sqlite"))
    details = connect(world, loopback[0]).expect(422, "validation_failed").object()["details"]
    world.close()
    assert "private or reserved" in details[0]["message"] or "resolved" in details[0]["message"]


def test_rule_207_stalled_providers_of_some_accounts_shut_no_other_out(
    permitted: World, loopback: tuple[OpenIdProvider, Path]
) -> None:
    provider, gate, arrived = loopback[0], threading.Event(), threading.Semaphore(0)

    def stall(handler: BaseHTTPRequestHandler) -> None:
        arrived.release()
        gate.wait(60)
        send(handler, 500, {})

    owners = [new_account(permitted) for _ in range(STALLED_ACCOUNTS)]
    other = new_account(permitted)
    provider.instead["/slow" + METADATA] = stall
    try:
        stalled = [
            threading.Thread(target=put, args=(permitted, owner, provider, provider.issuer + "/slow"))
            for owner in owners
            for _ in range(REQUESTS_EACH)
        ]
        for thread in stalled:
            thread.start()
        for _ in stalled:
            assert arrived.acquire(timeout=30)
        status = put(permitted, other, provider, provider.issuer)
        gate.set()
        for thread in stalled:
            thread.join()
    finally:
        gate.set()
        provider.instead.clear()
    assert status == 200


@pytest.mark.parametrize(
    "address",
    [
        case(209, text, text)
        for text in (
            "fec0::1", "feff::1", "3fff::1", "3fff:fff::1", "5f00::1", "100::1", "2001:2::1", "2001:10::1",
            "2001:db8::1", "64:ff9b:1::7f00:1", "64:ff9b::a00:1", "2002:a00:1::", "::ffff:0:127.0.0.1", "::127.0.0.1",
            "::ffff:10.0.0.1",
            "fc00::1", "fe80::1", "ff02::1", "::", "::1", "192.0.0.10", "192.88.99.1", "198.18.0.1", "168.63.129.16",
            "100.64.0.1", "240.0.0.1", "255.255.255.255", "0.0.0.0", "224.0.0.1", "169.254.169.254",
        )
    ],
)  # fmt: skip
def test_special_addresses_are_not_connected_to(address: str) -> None:
    """Whatever the release of Python knows of them."""
    assert not may_connect(ipaddress.ip_address(address), [])


def test_rule_209_public_addresses_are_connected_to_and_those_that_the_operator_permits() -> None:
    for text in ("8.8.8.8", "2a00:1450:4001::1", "2606:4700::1111", "2001:4860:4860::8888", "64:ff9b::808:808"):
        assert may_connect(ipaddress.ip_address(text), []), text
    for text in ("fec0::1", "3fff::1", "10.0.0.1"):
        assert may_connect(ipaddress.ip_address(text), [ipaddress.ip_network(text)]), text


@pytest.mark.parametrize("address", ["2002:808:808::1", "2001:0:808:808:0:0:f7f7:f7f7"])
def test_an_address_of_a_tunnel_is_special_whatever_it_stands_for(address: str) -> None:
    """6to4 and Teredo (RFC 6890): where a relay takes it, the address that is in it does not say."""
    assert not may_connect(ipaddress.ip_address(address), ())
