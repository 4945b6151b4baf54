"""An account cannot make this service connect to its own network, wait, or read without end. Security rule 165."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.dns_server import DnsServer
from harness.openid_provider import METADATA, OpenIdProvider, send
from harness.single_sign_on import NAME, connect, connection, running_provider, trusting
from harness.world import World, build_world

PRIVATE = "private or reserved address"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpenIdProvider, Path]]:
    """A provider with a name, which only the DNS server of the tests knows."""
    with running_provider(tmp_path_factory.mktemp("named-provider"), host=NAME) as started:
        yield started


@pytest.fixture(scope="module")
def dns_server() -> Iterator[DnsServer]:
    server = DnsServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def guarded(new_server: ServerFactory, named: tuple[OpenIdProvider, Path], dns_server: DnsServer) -> Iterator[World]:
    """A server that may connect to one private address."""
    settings = trusting(named[1]) | {
        "LINKXG_PROVIDER_NETWORKS": "127.0.0.1/32",
        "LINKXG_DNS_SERVER": dns_server.address,
    }
    yield from checked_for_leaks(build_world(new_server("sqlite", **settings)))


@pytest.fixture(scope="module")
def public_only(new_server: ServerFactory) -> Iterator[World]:
    """A server as it ships: providers are at public addresses."""
    yield from checked_for_leaks(build_world(new_server("sqlite")))


def problem_of(world: World, provider: OpenIdProvider, **changed: Any) -> str:
    """What connecting the provider says is wrong with it."""
    details = connect(world, provider, **changed).expect(422, "validation_failed").object()["details"]
    assert len(details) == 1, details
    return str(details[0]["message"])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.8.8", "localhost", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]",
        "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
        "[ff02::1]",
    ],
)  # fmt: skip
def test_rule_165_no_address_of_a_private_network_is_connected_to(
    public_only: World, named: tuple[OpenIdProvider, Path], host: str
) -> None:
    before = len(named[0].requests)
    message = problem_of(public_only, named[0], issuer=f"https://{host}:{named[0].port}")
    assert PRIVATE in message or "resolved" in message, message
    assert len(named[0].requests) == before


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "[v1.a]", "a..b"])
def test_what_can_be_no_name_is_not_resolved(public_only: World, named: tuple[OpenIdProvider, Path], host: str) -> None:
    """Many readers of a URL take a name with a number at its end for an IPv4 address."""
    assert "not valid" in problem_of(public_only, named[0], issuer=f"https://{host}:{named[0].port}")


@pytest.mark.parametrize(
    "issuer",
    [
        "http://provider.example.test", "ftp://provider.example.test", "file:///etc/passwd", "https://",
        "https://user:password@provider.example.test", "https://provider.example.test?a=b",
        "https://provider.example.test#a", "https://provider.example.test/a b", "https://provider.example.test:0",
        "https://provider.example.test:99999", "https://provider\\.example.test", "https://proviḍer.example.test",
        "https://" + "a" * 500,
    ],
)  # fmt: skip
def test_rule_165_an_issuer_is_an_https_url(
    public_only: World, named: tuple[OpenIdProvider, Path], issuer: str
) -> None:
    connect(public_only, named[0], issuer=issuer).expect(422, "validation_failed")


def test_rule_165_a_name_is_resolved_once_and_every_address_is_checked(
    guarded: World, named: tuple[OpenIdProvider, Path], dns_server: DnsServer
) -> None:
    provider = named[0]
    dns_server.set(NAME, "A", ["127.0.0.1"])
    connect(guarded, provider).expect(200)
    for answers in (["10.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "10.0.0.1"], ["169.254.169.254", "127.0.0.1"]):
        dns_server.set(NAME, "A", answers)
        assert PRIVATE in problem_of(guarded, provider)
    dns_server.set(NAME, "A", ["127.0.0.1"])
    dns_server.set(NAME, "AAAA", ["::1"])
    assert PRIVATE in problem_of(guarded, provider)
    del dns_server.records[NAME, "AAAA"]


def test_rule_165_a_name_that_changes_its_address_leads_nowhere_else(
    guarded: World, named: tuple[OpenIdProvider, Path], dns_server: DnsServer
) -> None:
    """DNS rebinding: each request asks once, and connects to what it was told then."""
    provider = named[0]
    dns_server.set(NAME, "A", ["127.0.0.1"], ["10.0.0.1"])
    assert PRIVATE in problem_of(guarded, provider)
    # The metadata came from the first address; the keys were to come from the second one.
    assert dns_server.queries[NAME, "A"] == 2


def test_rule_165_the_certificate_is_verified(guarded: World, named: tuple[OpenIdProvider, Path],
                                              dns_server: DnsServer, tmp_path: Path) -> None:  # fmt: skip
    dns_server.set("other.example.test", "A", ["127.0.0.1"])
    message = problem_of(guarded, named[0], issuer=f"https://other.example.test:{named[0].port}")
    assert "certificate" in message
    with running_provider(tmp_path, host=NAME) as (impostor, _):
        dns_server.set(NAME, "A", ["127.0.0.1"])
        assert "certificate" in problem_of(guarded, impostor)


def _redirect(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "https://127.0.0.1/")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def _huge(handler: BaseHTTPRequestHandler) -> None:
    send(handler, 200, b'{"issuer": "' + b"x" * 300_000 + b'"}')


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(b"2000\r\n" + b" " * 0x2000 + b"\r\n")


def _compressed(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")


def _dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    until = time.monotonic() + 15
    while time.monotonic() < until:
        handler.wfile.write(b" ")
        time.sleep(0.2)


MISBEHAVING: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "redirects": (_redirect, "redirect"),
    "is huge": (_huge, "larger than 256 KiB"),
    "never ends": (_endless, "larger than 256 KiB"),
    "compresses": (_compressed, "compressed"),
    "drips": (_dripping, "within 5 seconds"),
    "is no JSON": (lambda handler: send(handler, 200, b"<html>"), "without valid JSON"),
    "names a member twice": (lambda handler: send(handler, 200, b'{"a": 1, "a": 2}'), "without valid JSON"),
    "is a list": (lambda handler: send(handler, 200, []), "not a JSON object"),
    "is not there": (lambda handler: send(handler, 404, {}), "answered 404"),
    "hangs up": (lambda handler: handler.connection.shutdown(SHUT_RDWR), "failed"),
}


@pytest.mark.parametrize("what", MISBEHAVING)
def test_rule_165_a_provider_that_misbehaves_is_told_of_in_time(
    guarded: World, named: tuple[OpenIdProvider, Path], dns_server: DnsServer, what: str
) -> None:
    provider = named[0]
    dns_server.set(NAME, "A", ["127.0.0.1"])
    answer, says = MISBEHAVING[what]
    provider.instead[METADATA] = answer
    try:
        began = time.monotonic()
        assert says in problem_of(guarded, provider)
        assert time.monotonic() - began < 10
    finally:
        provider.reset()


@pytest.mark.parametrize(
    ("member", "value", "says"),
    [
        ("authorization_endpoint", "http://provider.example.test/", "https"),
        ("token_endpoint", "https://10.0.0.1/token", PRIVATE),
        ("jwks_uri", "https://169.254.169.254/latest", PRIVATE),
        ("jwks_uri", None, "no jwks_uri"),
        ("response_types_supported", ["token"], "authorization code flow"),
        ("code_challenge_methods_supported", ["plain"], "PKCE"),
        ("id_token_signing_alg_values_supported", ["HS256", "none"], "none of RS256"),
        ("token_endpoint_auth_methods_supported", ["none"], "client_secret_basic"),
        ("response_types_supported", "code", "not a list"),
    ],
)
def test_rule_165_metadata_lead_to_no_private_address_and_no_weaker_protocol(
    guarded: World, named: tuple[OpenIdProvider, Path], dns_server: DnsServer, member: str, value: object, says: str
) -> None:
    provider = named[0]
    dns_server.set(NAME, "A", ["127.0.0.1"])
    provider.metadata = {member: value}
    try:
        assert says in problem_of(guarded, provider)
    finally:
        provider.reset()


def test_rule_165_a_wrong_client_secret_is_noticed_at_once(
    guarded: World, named: tuple[OpenIdProvider, Path], dns_server: DnsServer
) -> None:
    dns_server.set(NAME, "A", ["127.0.0.1"])
    wrong = guarded.vault.invent("wrong client secret", length=24)
    body = connection(named[0]) | {"clientSecret": wrong}
    answer = guarded.api.request("PUT", "/account/identity-provider", bearer=guarded.owner.access, json=body)
    assert "client secret" in answer.expect(422, "validation_failed").object()["details"][0]["message"]


def test_rule_166_a_domain_is_verified_by_its_record(guarded: World, dns_server: DnsServer) -> None:
    bearer, at = guarded.owner.access, "/account/domains/example.test"
    claimed = guarded.api.request("PUT", at, bearer=bearer).expect(200).data()
    name = claimed["recordName"]
    guarded.api.post(f"{at}/verify", bearer=bearer).expect(409, "conflict")
    dns_server.set(name, "TXT", ['"linkxg-verification=00000000000000000000000000000000"'])
    guarded.api.post(f"{at}/verify", bearer=bearer).expect(409, "conflict")
    dns_server.set(name, "TXT", ['"v=spf1 -all"', f'"{claimed["recordValue"]}"'])
    verified = guarded.api.post(f"{at}/verify", bearer=bearer).expect(200).data()
    assert (verified["domain"], verified["verified"]) == ("example.test", True)
    guarded.api.delete(at, bearer=bearer).expect(204)
    # Claimed again, it has another record: an old one proves nothing.
    again = guarded.api.request("PUT", at, bearer=bearer).expect(200).data()
    assert again["recordValue"] != claimed["recordValue"]
    guarded.api.post(f"{at}/verify", bearer=bearer).expect(409, "conflict")
    guarded.api.delete(at, bearer=bearer).expect(204)
