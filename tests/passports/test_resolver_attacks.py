"""What resolvers must not do for strangers: name accounts that publish nothing, and send what a path injects.

Learned by attack. Security rules 247 and U11.
"""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

import pytest

from harness.people import sign_in
from harness.world import World
from passports.reading import issued
from passports.scanning import link_of, slug_of

_LINK = re.compile(r'(?:^|, )<[^<>" ]*>((?:; [a-z]+="[^"<>]*")*)')


def _raw(world: World, method: str, target: str) -> tuple[int, dict[str, str]]:
    """As it is written: clients would escape it."""
    address = urlsplit(world.server.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connected:
        connected.sendall(f"{method} {target} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while part := connected.recv(65_536):
            received += part
    head = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(head[0].split()[1]), dict(line.split(": ", 1) for line in head[1:])


INJECTED = ('/10/a>;rel="next"', '/10/a>;rel="next",<https:', "/10/%3Ca>b", '/21/"<x>";y')


@pytest.mark.parametrize("rest", INJECTED)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_path_adds_nothing_to_the_header_link(world: World, method: str, rest: str) -> None:
    product, _ = issued(world)
    for more in ("", "?linkType=linkset"):
        status, headers = _raw(world, method, link_of(world, product, rest) + (more if method != "OPTIONS" else ""))
        assert status in (200, 204, 307, 400)
        link = headers.get("link")
        if status != 400:
            assert link is not None
            assert _LINK.sub("", link) == "", link
            assert "next" not in _LINK.sub(r"\1", link)


def test_options_of_anything_adds_nothing_to_the_header_link(world: World) -> None:
    for target in ('/acme/01/x>;rel="next",<https://evil.example/', '/01/x>;rel="next"', "/acme/01/<>"):
        status, headers = _raw(world, "OPTIONS", target)
        assert status == 204
        assert _LINK.sub("", headers.get("link", "")) == ""


def test_an_account_without_passports_is_not_confirmed(world: World) -> None:
    """Everything below its name is as below a name that nobody has."""
    silent = world.server.bootstrap("Silent Partner Ltd", another=True)
    session = sign_in(world.api, silent.owner)
    slug = world.api.get("/account", bearer=session.access).expect(200).data()["slug"]
    for rest in ("xx", "did.json", "status/1", "AAAAAAAAAAAAA", "01/09520000000011", "414/4012345000009"):
        known, unknown = world.api.get(f"//{slug}/{rest}"), world.api.get(f"//nobody-has-this/{rest}")
        assert (known.status, known.error) == (unknown.status, unknown.error) == (404, "not_found")
        assert sorted(name for name, _ in known.fields) == sorted(name for name, _ in unknown.fields)
    issued(world)
    world.api.get(f"//{slug_of(world)}/xx").expect(400, "invalid_request")
