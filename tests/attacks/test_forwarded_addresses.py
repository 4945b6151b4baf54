"""Forwarded addresses are parsed as proxies write them; an unparsable one is unknown. Security rule L9, RFC 7239 §6."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attacks.cases import case
from attacks.conftest import METRICS_TOKEN, PROXIED, new_source
from conftest import ServerFactory, checked_for_leaks
from harness.clients import OAuthClient, make_client, request_token
from harness.rows import rows, wait_for_count
from harness.world import World, build_world

V4, V6 = "203.0.113.7", "2001:db8::1"
INNER = "10.1.2.3"
"""Of a network that is trusted as a whole."""
READABLE = {
    V4: V4,
    f"{V4}:4711": V4,
    f"[{V6}]": V6,
    f"[{V6}]:443": V6,
    V6: V6,
    f"::ffff:{V4}": V4,
    f"[::ffff:{V4}]:1": V4,
}
UNREADABLE = ("unknown", "_hidden", "_hidden:443", f"{V4}:port", f"{V4}:", f"[{V6}", f"[{V6}]443", "a.example",
              "999.1.1.1", "fe80::1%eth0", f'"{V4}"', f"{V4} 443", "203.0.113")  # fmt: skip
EVERYWHERE = ["0.0.0.0/0", "::/0", "127.0.0.0/8"]


@pytest.fixture(scope="module")
def proxied(new_server: ServerFactory) -> Iterator[World]:
    """A server behind a proxy with limits out of the way: what reads addresses is the same on both engines."""
    settings = {
        **PROXIED,
        "LINKXG_TRUSTED_PROXIES": "127.0.0.0/8,10.0.0.0/8",
        "LINKXG_LIMIT_SCALE": "1000",
        "LINKXG_METRICS_TOKEN": METRICS_TOKEN,
    }
    yield from checked_for_leaks(build_world(new_server("sqlite", **settings), new_source()))


@pytest.fixture(scope="module")
def bound(proxied: World) -> dict[str, OAuthClient]:
    """Clients of one IPv4 range, of one IPv6 range, and of every address that there is."""
    ranges = {INNER: ["10.1.2.0/24"], V4: ["203.0.113.0/24"], V6: ["2001:db8::/32"], "": EVERYWHERE}
    return {name: make_client(proxied.api, proxied.owner, allowed_cidrs=cidrs) for name, cidrs in ranges.items()}


@pytest.mark.parametrize("hop", [case("L9", hop, hop) for hop in READABLE])
def test_a_hop_with_port_or_brackets_is_parsed(proxied: World, bound: dict[str, OAuthClient], hop: str) -> None:
    for forwarded in (hop, f"198.51.100.9, {hop}", f"{hop}, 127.0.0.1:8080"):
        with proxied.server.client(forwarded) as caller:
            request_token(caller, bound[READABLE[hop]]).expect(200)
            request_token(caller, bound[V6 if READABLE[hop] == V4 else V4]).expect(401, "invalid_client")


@pytest.mark.parametrize("hop", [case("L9", hop, hop) for hop in UNREADABLE])
def test_an_unparsable_hop_is_in_no_allowed_range(proxied: World, bound: dict[str, OAuthClient], hop: str) -> None:
    for forwarded in (hop, f"{V4}, {hop}", f"{hop}, 127.0.0.1"):
        with proxied.server.client(forwarded) as caller:
            answer = request_token(caller, bound[""]).expect(401, "invalid_client")
            request_id = str(answer.header("x-request-id"))
            [line] = proxied.server.process.wait_for(lambda line, found=request_id: found in line)  # type: ignore[misc]
            assert '"source":"unknown"' in line.replace(" ", "")


def test_an_unparsable_hop_is_served_and_is_not_loopback(proxied: World) -> None:
    """Clients without ranges are served, and what is meant for this machine is not shown."""
    with proxied.server.client("unknown") as caller:
        request_token(caller, proxied.oauth).expect(200)
        caller.get("//metrics").expect(401, "invalid_token")
        caller.get("//metrics", headers=[("Authorization", f"Bearer {METRICS_TOKEN}")]).expect(200)


def test_a_caller_among_trusted_proxies_is_the_left_most_hop(proxied: World, bound: dict[str, OAuthClient]) -> None:
    for forwarded in (INNER, f"{INNER}, 10.0.0.1", f"{INNER}:4711, 10.0.0.1, 127.0.0.1"):
        with proxied.server.client(forwarded) as caller:
            request_token(caller, bound[INNER]).expect(200)
    for forwarded in (f"{INNER}, {V4}", f"{V4}, {INNER}", "10.2.0.1"):
        with proxied.server.client(forwarded) as caller:
            request_token(caller, bound[INNER]).expect(401, "invalid_client")


def test_empty_list_elements_are_ignored(proxied: World, bound: dict[str, OAuthClient]) -> None:
    for forwarded in (f"{V4},", f"{V4}, ,", f", {V4}"):
        with proxied.server.client(forwarded) as caller:
            request_token(caller, bound[V4]).expect(200)


def test_addresses_of_one_ipv6_64_are_counted_as_one_source_of_a_secret(proxied: World) -> None:
    """Else a host with privacy addresses fills what is kept of a secret, and memory until it is written."""
    oauth = make_client(proxied.api, proxied.owner)
    for address in ("2001:db8:9:9::a", "2001:db8:9:9::b"):
        with proxied.server.client(address) as caller:
            request_token(caller, oauth).expect(200)
    database = proxied.server.database
    used = f"SELECT coalesce(sum(uses), 0) FROM client_secret_sources WHERE secret_id = '{oauth.secret_id}'"
    wait_for_count(database, used, 2)
    kept = rows(database, f"SELECT source, uses FROM client_secret_sources WHERE secret_id = '{oauth.secret_id}'")
    assert kept == [["2001:db8:9:9::/64", "2"]]
    shown = proxied.api.get(f"/oauth/clients/{oauth.client_id}", bearer=proxied.owner.access).expect(200).object()
    assert shown["secrets"][0]["last_used_ip"] == "2001:db8:9:9::b"
