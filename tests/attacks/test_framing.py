"""Malformed bytes neither reach the application nor turn one request into two. Security rules 8, 125, U1 and U7."""

from __future__ import annotations

import re
import select
import socket

import pytest

from attacks.cases import TOKEN_PATH, case, filled
from harness.client import FORM_TYPE
from harness.raw_http import request_bytes, send_bytes, send_raw
from harness.world import World

HEAD = b"POST /api/v1/oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BODY = b"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

# {HEAD} is a good request line with its fields, {LENGTH} the size of the good {BODY}.
FRAMINGS = {
    "length and chunked": b"{HEAD}Content-Length: 4\r\n{CHUNKED}\r\n0\r\n\r\n{SMUGGLED}",
    "chunked and length": b"{HEAD}{CHUNKED}Content-Length: 4\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two lengths": b"{HEAD}Content-Length: {LENGTH}\r\nContent-Length: 0\r\n\r\n{BODY}{SMUGGLED}",
    "list of lengths": b"{HEAD}Content-Length: {LENGTH}, 0\r\n\r\n{BODY}{SMUGGLED}",
    "negative length": b"{HEAD}Content-Length: -1\r\n\r\n{BODY}",
    "signed length": b"{HEAD}Content-Length: +5\r\n\r\n{BODY}",
    "hexadecimal length": b"{HEAD}Content-Length: 0x10\r\n\r\n{BODY}",
    "length with letters": b"{HEAD}Content-Length: 5a\r\n\r\n{BODY}",
    "length overflow": b"{HEAD}Content-Length: 99999999999999999999999\r\n\r\n{BODY}",
    "length of 5000 digits": b"{HEAD}Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "chunked in disguise": b"{HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunked, identity": b"{HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "space before the colon": b"{HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "folded field": b"{HEAD}X-A: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk size": b"{HEAD}{CHUNKED}\r\nzz\r\nabc\r\n0\r\n\r\n",
    "negative chunk size": b"{HEAD}{CHUNKED}\r\n-1\r\nabc\r\n",
    "huge chunk size": b"{HEAD}{CHUNKED}\r\nfffffffffffffffffff\r\nabc\r\n",
    "NUL in a field": b"{HEAD}X-A: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "bare CR in a field": b"{HEAD}X-A: a\rX-B: b\r\nContent-Length: 0\r\n\r\n",
    "bare LF": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n",
    "bare LF at the end": b"{HEAD}Content-Length: {LENGTH}\n\n{BODY}",
    "field without a colon": b"{HEAD}Nonsense\r\nContent-Length: 0\r\n\r\n",
    "field name with a space": b"{HEAD}X A: a\r\nContent-Length: 0\r\n\r\n",
    "empty field name": b"{HEAD}: a\r\nContent-Length: 0\r\n\r\n",
    "version 9": b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40,
    "space in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "control in the target": b"GET /a\x01b HTTP/1.1\r\nHost: x\r\n\r\n",
}


def framed(world: World, template: bytes) -> bytes:
    """The bytes of one row with the client's real credentials in the body."""
    body = filled(BODY, world.oauth)
    parts = {
        "HEAD": HEAD,
        "CHUNKED": CHUNKED,
        "SMUGGLED": SMUGGLED,
        "LENGTH": b"%d" % len(body),
        "BODY": body,
    }
    for name, value in parts.items():
        template = template.replace(b"{%s}" % name.encode(), value)
    return template


@pytest.mark.parametrize("template", [case(125, name, template) for name, template in FRAMINGS.items()])
def test_malformed_framing_is_rejected_and_smuggles_nothing(world: World, template: bytes) -> None:
    received = send_bytes(world.api, framed(world, template), half_close=True)
    assert received.count(b"HTTP/1.1 ") <= 1, "a second request was read out of the first one's body"
    assert b"access_token" not in received
    status = int(received.split(b" ", 2)[1]) if received else 400
    assert 400 <= status < 500, received
    assert not world.vault.found_in(received)


def test_bytes_that_are_not_http_get_the_usual_error(world: World) -> None:
    """Security rules U2 to U10 hold for bytes that no application sees."""
    answer = send_raw(world.api, b"FOO /api/v1/products HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer is not None
    answer.expect(400, "invalid_request")


@pytest.mark.parametrize("cut", [case(8, name, name) for name in ("in the fields", "after the fields", "in the body")])
def test_a_request_may_arrive_in_pieces(world: World, cut: str) -> None:
    whole = request_bytes(world.api, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE)], filled(BODY, world.oauth))
    at = {"in the fields": 40, "after the fields": whole.index(b"\r\n\r\n") + 4, "in the body": len(whole) - 20}[cut]
    received = bytearray()
    with socket.create_connection(world.api.address, timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(whole[:at])
        # Nothing can be answered yet; once the server has read this piece, the next one is a piece of its own.
        assert not select.select([connection], [], [], 0.1)[0]
        connection.sendall(whole[at:])
        while part := connection.recv(65536):
            received += part
    assert received.startswith(b"HTTP/1.1 200"), received
    assert received.count(b'"access_token"') == 1


def test_many_pipelined_requests_are_answered_in_order(world: World) -> None:
    """Good and bad secrets in turn on one connection, the last request cut in two."""
    good, bad = filled(BODY, world.oauth), filled(BODY.replace(b"{SECRET}", b"wrong"), world.oauth)
    bodies = [good, bad, good, good, bad, good]
    requests = [request_bytes(world.api, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE)], body) for body in bodies]
    stream = b"".join(request.replace(b"Connection: close\r\n", b"") for request in requests[:-1]) + requests[-1]
    received = bytearray()
    with socket.create_connection(world.api.address, timeout=20) as connection:
        connection.sendall(stream[:-10])
        while received.count(b"HTTP/1.1 ") < len(bodies) - 1:
            received += connection.recv(65536)
        connection.sendall(stream[-10:])
        while part := connection.recv(65536):
            received += part
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", received)]
    assert statuses == [200 if body == good else 401 for body in bodies]


def test_valid_framing_is_accepted(world: World) -> None:
    """Without this, every refusal above could have another cause."""
    good = framed(world, b"{HEAD}Connection: close\r\nContent-Length: {LENGTH}\r\n\r\n{BODY}")
    assert b"access_token" in send_bytes(world.api, good)


@pytest.mark.parametrize(
    "headers",
    [
        case(8, "one of 40 KiB", [("X-Long", "a" * 40_000)]),
        case(8, "authorization of 40 KiB", [("Authorization", "Bearer " + "a" * 40_000)]),
        case(8, "500 of 100 bytes", [(f"X-{number}", "a" * 100) for number in range(500)]),
    ],
)
def test_large_header_blocks_are_refused(world: World, headers: list[tuple[str, str]]) -> None:
    answer = send_raw(world.api, request_bytes(world.api, "GET", "/api/v1/products", headers), framing=True)
    assert answer is None or answer.status in {400, 431}, answer


def test_rule_8_long_targets_are_refused(world: World) -> None:
    answer = send_raw(world.api, request_bytes(world.api, "GET", "/api/v1/products?q=" + "a" * 60_000), framing=True)
    assert answer is None or answer.status in {400, 401, 414, 431}, answer


@pytest.mark.parametrize(
    "target",
    [
        case("U7", "dots", "/api/v1/../../../etc/passwd"),
        case("U7", "encoded dots", "/api/v1/%2e%2e/%2e%2e/etc/passwd"),
        case("U7", "encoded slashes", "/api/v1/..%2f..%2f..%2fetc%2fpasswd"),
        case("U7", "static dots", "/static/..%2f..%2fapp.py"),
        case("U7", "double slash", "//api/v1/products"),
        case("U7", "backslashes", "/api\\v1\\products"),
        case("U7", "NUL", "/api/v1/products/%00"),
        case("U7", "invalid UTF-8", "/api/v1/products/%ff%fe"),
        case("U7", "bad escape", "/api/v1/products/%zz"),
        case("U7", "line break", "/api/v1/products/%0d%0aX-Injected:%20yes"),
        case("U7", "long", "/api/v1/" + "a" * 8000),
        case("U7", "many segments", "/api/v1" + "/a" * 3000),
        case("U7", "semicolon", "/api/v1/products;jsessionid=1"),
        case("U7", "template", "/api/v1/{{7*7}}"),
        case("U7", "markup", "/<script>alert(1)</script>"),
        case("U7", "root", "/"),
        case("U7", "trailing slash", "/api/v1/products/"),
        case("U7", "upper case", "/API/V1/PRODUCTS"),
        case("U7", "git", "/.git/config"),
        case("U7", "environment", "/.env"),
        case("U7", "absolute form", "http://evil.example/api/v1/products"),
        case("U7", "star", "*"),
    ],
)
def test_odd_request_targets_reveal_nothing(world: World, target: str) -> None:
    answer = send_raw(world.api, request_bytes(world.api, "GET", target), framing=True)
    assert answer is not None
    assert answer.status < 500, answer
    assert b"root:" not in answer.body
    if answer.body.startswith(b"{"):
        assert "49" not in str(answer.without_request_id.get("error_description")), "a template was evaluated"
