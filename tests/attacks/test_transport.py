"""Answers are the server's own; plain HTTP and slow peers cannot spoil them. Security rules 22, 124 and U8 to U12."""

from __future__ import annotations

import contextlib
import select
import socket
import time

import pytest

from attacks.cases import TOKEN_PATH, case, filled, raw_request
from harness.client import FORM_TYPE, Client
from harness.raw_http import request_bytes, send_bytes, send_raw
from harness.world import World

HEAD = b"POST /api/v1/oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
BODY = b"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}"
SLOW_LIMIT_S = 35.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        case("U10", "plain", "X-Request-Id", "chosen-by-the-caller-1234"),
        case("U10", "uuid", "X-Request-Id", "0b9a4b8e-61c1-4f6c-9d5d-1f4f7e6a2b11"),
        case("U10", "long", "X-Request-Id", "a" * 5000),
        case("U10", "escape", "X-Request-Id", "\x1b[31mred"),
        case("U10", "correlation", "X-Correlation-Id", "chosen-by-the-caller-1234"),
        case("U10", "traceparent", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ],
)
def test_the_request_id_is_generated_by_the_server(world: World, name: str, value: str) -> None:
    answer = send_raw(world.api, request_bytes(world.api, "GET", "/api/v1/products", [(name, value)]), framing=True)
    assert answer is not None
    if answer.status == 401:
        assert value not in str(answer.fields)


def test_u10_request_ids_do_not_repeat(world: World) -> None:
    ids = [world.api.get("/products").header("x-request-id") for _ in range(50)]
    assert len(set(ids)) == len(ids)


ORIGINS = ("https://evil.example", "null", "http://127.0.0.1", "file://")


@pytest.mark.parametrize("origin", [case("U8", name, name) for name in ORIGINS])
@pytest.mark.parametrize("method", [case("U8", name, name) for name in ("GET", "POST", "OPTIONS")])
def test_no_origin_is_reflected(world: World, origin: str, method: str) -> None:
    headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization"),
        ("Sec-Fetch-Site", "cross-site"),
    ]
    for path in ("/api/v1/oauth/token", "/api/v1/auth/login", "/api/v1/products"):
        answer = raw_request(world, method, path, headers)
        assert not answer.values("access-control-allow-origin"), answer.fields
        assert not answer.values("access-control-allow-credentials"), answer.fields


@pytest.mark.parametrize(
    "path",
    [case("U9", name, name) for name in (
        "/api/v1/products", "/api/v1/oauth/clients", "/api/v1/auth/login", "/api/v1/auth/refresh",
        "/api/v1/auth/me", "/api/v1/account", "/api/v1/openapi.json", "/healthz", "/readyz",
        "/.well-known/jwks.json")],
)  # fmt: skip
@pytest.mark.parametrize("method", [case("U9", name, name) for name in ("PUT", "PROPFIND", "TRACE", "CONNECT")])
def test_unsupported_methods_are_method_not_allowed(world: World, path: str, method: str) -> None:
    request = request_bytes(world.api, method, path, [("Authorization", f"Bearer {world.token()}")])
    answer = send_raw(world.api, request, framing=True)
    if answer is not None and answer.status != 400:
        answer.expect(405, "method_not_allowed")


@pytest.mark.parametrize("scheme", [case(22, name, name) for name in ("http", "", "HTTP", "https, http", "ws")])
def test_plain_http_behind_the_proxy_is_refused_not_redirected(limited: World, scheme: str) -> None:
    headers = [("X-Forwarded-For", "203.0.113.77")] + ([("X-Forwarded-Proto", scheme)] if scheme else [])
    with Client(limited.server.url, limited.vault, headers) as insecure:
        for method, path in (("POST", "/oauth/token"), ("GET", "/products"), ("POST", "/auth/login")):
            answer = insecure.request(method, path)
            answer.expect(400, "invalid_request")
            assert answer.header("location") is None


def test_rule_22_hsts_is_sent_behind_the_proxy(limited: World) -> None:
    # The client checks the field on every answer of a proxied server; here it is seen once.
    answer = limited.api.get("/products").expect(401, "invalid_token")
    assert "max-age=" in (answer.header("strict-transport-security") or "")


def test_rule_124_slow_senders_are_cut_off(world: World, engine: str) -> None:
    """Half a request line, a header or a body, an idle connection, unread answers: each ends in bounded time."""
    if engine != "sqlite":
        pytest.skip("the HTTP server is the same on both engines, and this test waits for its timeouts")
    openings = {
        "half a request line": b"GET /heal",
        "half a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Half: ",
        "half a body": HEAD + b"Content-Length: 500\r\n\r\ngrant_type=",
        "idle after an answer": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "nothing at all": b"",
    }
    with contextlib.ExitStack() as stack:
        waiting: dict[socket.socket, str] = {}
        for name, opening in openings.items():
            connection = stack.enter_context(socket.create_connection(world.api.address, timeout=5))
            connection.sendall(opening)
            waiting[connection] = name
        hoarder = stack.enter_context(_unread_answers(world))
        deadline = time.monotonic() + SLOW_LIMIT_S
        while waiting and (left := deadline - time.monotonic()) > 0:
            for connection in select.select(list(waiting), [], [], left)[0]:
                if not _read(connection):
                    del waiting[connection]
        ended = select.poll()
        ended.register(hoarder, 0)
        assert ended.poll((deadline - time.monotonic()) * 1000), "open although nobody reads its answers"
    assert not waiting, f"still open after {SLOW_LIMIT_S:.0f} s: {sorted(waiting.values())}"


def _unread_answers(world: World) -> socket.socket:
    """A connection with requests whose answers do not fit into it, and of which nothing is read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(world.api.address)
    connection.sendall(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    return connection


def _read(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


def test_rule_124_many_idle_connections_do_not_hold_up_others(world: World) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            connection = stack.enter_context(socket.create_connection(world.api.address, timeout=5))
            connection.sendall(b"POST /api/v1/oauth/token HTTP/1.1\r\nHost: x\r\n")
        with world.server.client() as customer:
            customer.get("//healthz").expect(200)
        # Answered while they were open, not when the last had been given up.
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)


def test_rule_22_credentials_are_not_read_from_plain_http(limited: World) -> None:
    oauth = limited.oauth
    with Client(limited.server.url, limited.vault) as insecure:
        answer = insecure.post("/oauth/token", form=oauth.form)
        answer.expect(400, "invalid_request")


def test_rule_1_head_and_get_agree_on_health(world: World) -> None:
    answer = raw_request(world, "GET", "/healthz")
    assert answer.status == 200
    assert b"sqlite" not in answer.body.lower()
    assert b"postgres" not in answer.body.lower()


def test_rule_2_a_pipelined_pair_gets_two_separate_answers(world: World) -> None:
    first = request_bytes(world.api, "GET", "/api/v1/products").replace(b"Connection: close\r\n", b"")
    second = request_bytes(world.api, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE)],
                           filled(BODY, world.oauth))  # fmt: skip
    received = send_bytes(world.api, first + second)
    assert received.startswith(b"HTTP/1.1 401")
    assert received.count(b"HTTP/1.1 ") == 2
    ids = {line for line in received.lower().split(b"\r\n") if line.startswith(b"x-request-id")}
    assert len(ids) == 2
    assert b'"access_token"' in received


@pytest.mark.parametrize("path", [case("U12", path, path) for path in ("/api/v1/openapi.json", "/api/v1/products")])
def test_a_head_and_its_body_leave_in_one_write(world: World, path: str) -> None:
    """A worker that dies between two writes leaves half an answer, which no proxy can ask for elsewhere."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.token()}\r\n\r\n".encode()
    for _ in range(20):
        with socket.create_connection(world.api.address, timeout=10) as connection:
            connection.sendall(request)
            head, separator, body = connection.recv(16 * 1024).partition(b"\r\n\r\n")
            assert separator
            assert head.startswith(b"HTTP/1.1 200")
            assert body, "the head came alone"
