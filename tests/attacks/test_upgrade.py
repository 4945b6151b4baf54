"""An upgrade offer does not change the framing of a request. Security rule L3, RFC 9110 §7.8."""

from __future__ import annotations

import json

import pytest

from attacks.cases import TOKEN_PATH, case, filled
from harness.client import FORM_TYPE
from harness.people import sign_in
from harness.raw_http import response_statuses, send_bytes, send_in_pieces, send_raw
from harness.world import World

BEHIND = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
# What the HTTP clients of Java and of curl send over plain HTTP, and what others may.
OFFERS = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
    "websocket": b"Connection: keep-alive, uPgRaDe\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "two fields": b"Upgrade: TLS/1.0\r\nConnection: keep-alive\r\nConnection: upgrade\r\nUpgrade: other\r\n",
}
GRANT = b"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}"
JSON_TYPE = "application/json"
NOBODY = b'{"email":"nobody@example.test","password":"kestrel opens no battery"}'


def posts(world: World) -> dict[str, tuple[str, str, bytes, int]]:
    """Path, media type, body and status of requests that get another answer when their body is lost."""
    credentials = b"&client_id={ID}&client_secret={SECRET}"
    return {
        "token": (TOKEN_PATH, FORM_TYPE, filled(GRANT, world.oauth), 200),
        "introspect": ("/api/v1/oauth/introspect", FORM_TYPE, filled(b"token=abc" + credentials, world.oauth), 200),
        "revoke": ("/api/v1/oauth/revoke", FORM_TYPE, filled(b"token=abc" + credentials, world.oauth), 200),
        "refresh": ("/api/v1/auth/refresh", JSON_TYPE, b'{"refreshToken":"lxgref_unknown"}', 401),
        "login": ("/api/v1/auth/login", JSON_TYPE, NOBODY, 401),
    }


def offering(path: str, media_type: str, body: bytes, offer: bytes, *, chunked: bool = False) -> bytes:
    """A POST with an offer to upgrade."""
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: %b\r\n%b" % (path.encode(), media_type.encode(), offer)
    if chunked:
        half = len(body) // 2
        parts = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:]))
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize("offer", [case("L3", name, offer) for name, offer in OFFERS.items()])
@pytest.mark.parametrize("chunked", [case("L3", "length", False), case("L3", "chunked", True)])
def test_a_body_with_an_offer_to_upgrade_is_read_and_answered_once(world: World, offer: bytes, chunked: bool) -> None:
    for name, (path, media_type, body, status) in posts(world).items():
        request = offering(path, media_type, body, offer, chunked=chunked)
        assert response_statuses(send_bytes(world.api, request + BEHIND)) == [status, 200], name
        head, _, rest = request.partition(b"\r\n\r\n")
        assert response_statuses(send_in_pieces(world.api, [head + b"\r\n\r\n", rest, BEHIND])) == [status, 200], name


@pytest.mark.parametrize("chunked", [case("L3", "length", False), case("L3", "chunked", True)])
def test_an_offer_to_upgrade_may_be_split_anywhere(world: World, engine: str, chunked: bool) -> None:
    if engine != "sqlite":
        pytest.skip("the HTTP server is the same on both engines")
    path, media_type, body, status = posts(world)["refresh"]
    request = offering(path, media_type, body, OFFERS["h2c"], chunked=chunked)
    for at in range(1, len(request)):
        received = send_in_pieces(world.api, [request[:at], request[at:] + BEHIND], pause=0.002)
        assert response_statuses(received) == [status, 200], at


def test_a_get_with_an_offer_to_upgrade_is_answered_once(world: World) -> None:
    """With and without the fast path, and many offers behind one another."""
    lines = f"Host: x\r\nAuthorization: Bearer {world.token()}\r\n".encode() + OFFERS["h2c"]
    product = b"GET /api/v1/products/00000000-0000-4000-8000-000000000000 HTTP/1.1\r\n" + lines + b"\r\n"
    products = b"GET /api/v1/products HTTP/1.1\r\n" + lines + b"\r\n"
    received = send_bytes(world.api, (product + products) * 20 + BEHIND)
    assert response_statuses(received) == [*[404, 200] * 20, 200]


def test_the_body_of_an_upgrade_offer_is_not_executed_as_a_request(world: World) -> None:
    """In the second packet, as large bodies come."""
    smuggled = b"GET /readyz HTTP/1.1\r\nHost: inner\r\n\r\n"
    whole = offering("/api/v1/auth/refresh", JSON_TYPE, smuggled, OFFERS["h2c"])
    head = whole.removesuffix(smuggled)
    assert response_statuses(send_in_pieces(world.api, [head, smuggled + BEHIND])) == [400, 200]
    assert response_statuses(send_in_pieces(world.api, [head, smuggled[:9], smuggled[9:] + BEHIND])) == [400, 200]


def test_a_rotation_with_an_offer_to_upgrade_keeps_its_overlap(world: World) -> None:
    oauth = world.new_client("products:read")
    session = sign_in(world.api, world.account.owner)
    body = json.dumps({"grace_period_seconds": 3600}).encode()
    offer = (
        OFFERS["h2c"].replace(b"Upgrade, ", b"close, Upgrade, ")
        + f"Authorization: Bearer {session.access}\r\n".encode()
    )
    request = offering(f"/api/v1/oauth/clients/{oauth.client_id}/rotate", JSON_TYPE, body, offer)
    answer = send_raw(world.api, request, reveals=True)
    assert answer is not None
    assert answer.expect(200).object()["previous_secret_expires_at"] > 0


@pytest.mark.parametrize("target", [case("L3", name, name) for name in ("127.0.0.1:443", "/healthz")])
def test_nothing_after_a_connect_is_executed(world: World, target: str) -> None:
    answer = send_raw(world.api, f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + BEHIND * 3)
    assert answer is not None
    answer.expect(400, "invalid_request")
    assert answer.header("connection") == "close"
    assert (
        send_bytes(world.api, BEHIND.replace(b"close", b"keep-alive") + b"CONNECT a:1 HTTP/1.1\r\n\r\n" + BEHIND).count(
            b"HTTP/1.1 "
        )
        == 2
    )
