"""A response sent before the body is complete ends the connection and can be read. Security rule L2, RFC 9112 §9.6."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from attacks.cases import TOKEN_PATH, case
from attacks.conftest import new_source
from harness.client import FORM_TYPE, forwarded
from harness.raw_http import response_statuses, send_in_pieces
from harness.server import Server
from harness.world import World

pytestmark = pytest.mark.any_engine

FLOOD = 20 * 1024 * 1024
TAKEN = 6 * 1024 * 1024
"""More than the buffers of the two sockets hold has been read by the server."""
KEPT = 8 * 1024 * 1024
FRAMINGS = {"length": f"Content-Length: {FLOOD}", "chunked": "Transfer-Encoding: chunked"}
Fields = list[tuple[str, str]]


def head(method: str, path: str, fields: Fields, framing: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in fields), framing]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def flood(address: tuple[str, int], start: bytes, unit: bytes) -> tuple[int, bytes]:
    """Send without end, as a client does that reads its answer later; the bytes that were taken, and the answer."""
    sent, received = 0, bytearray()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        connection.settimeout(20)
        connection.connect(address)
        try:
            connection.sendall(start)
            while sent < FLOOD:
                connection.sendall(unit)
                sent += len(unit)
        except ConnectionError:
            pass
        try:
            while part := connection.recv(65_536):
                received += part
        except ConnectionError:
            pass
    return sent, bytes(received)


def assert_cut(server: Server, start: bytes, status: int) -> None:
    before = server.process.resident_bytes()
    unit = b"%x\r\n%b\r\n" % (16_384, b"a" * 16_384) if b"chunked" in start else b"a" * 16_384
    with server.client() as client:
        sent, received = flood(client.address, start, unit)
    assert response_statuses(received) == [status]
    assert b"\r\nconnection: close\r\n" in received
    assert sent < TAKEN
    assert server.process.resident_bytes() - before < KEPT


@pytest.mark.parametrize("framing", [case("L2", name, name) for name in FRAMINGS])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        case("L2", "raw endpoint", TOKEN_PATH, 413),
        case("L2", "route for strangers", "/api/v1/auth/login", 413),
        case("L2", "no token", "/api/v1/products", 401),
        case("L2", "no route", "/api/v1/nothing", 404),
    ],
)
def test_an_early_rejection_closes_the_connection(
    one_call_server: Server, path: str, status: int, framing: str
) -> None:
    type = FORM_TYPE if "oauth" in path else "application/json"
    fields = [*forwarded(new_source()), ("Content-Type", type)]
    assert_cut(one_call_server, head("POST", path, fields, FRAMINGS[framing]), status)


@pytest.mark.parametrize("path", [case("L2", name, name) for name in (TOKEN_PATH, "/api/v1/auth/login")])
def test_a_rate_limited_source_is_disconnected_without_reading_its_body(one_call_server: Server, path: str) -> None:
    type = FORM_TYPE if "oauth" in path else "application/json"
    fields = [*forwarded(new_source()), ("Content-Type", type)]
    with one_call_server.client() as client:
        first = send_in_pieces(
            client, [head("POST", path, [*fields, ("Connection", "close")], "Content-Length: 1") + b"a"]
        )
    assert response_statuses(first) != [429]
    assert_cut(one_call_server, head("POST", path, fields, FRAMINGS["length"]), 429)


@pytest.mark.parametrize(
    ("announced", "type", "status"),
    [case("L2", "too large", 200 * FLOOD, "text/csv", 413), case("L2", "no table", FLOOD, "image/png", 415)],
)
def test_a_rejected_upload_closes_the_connection(world: World, announced: int, type: str, status: int) -> None:
    fields = [("Authorization", f"Bearer {world.owner.access}"), ("Content-Type", type)]
    assert_cut(world.server, head("POST", "/api/v1/imports", fields, f"Content-Length: {announced}"), status)


@pytest.mark.parametrize("path", [case("L2", name, name) for name in (TOKEN_PATH, "/api/v1/products")])
def test_nothing_after_an_early_response_is_executed(world: World, path: str) -> None:
    start = head("POST", path, [("Content-Type", FORM_TYPE)], "Content-Length: 50000")
    behind = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    received = send_in_pieces(world.api, [start, b"a" * 50_000 + behind, behind * 20], pause=5)
    assert response_statuses(received) == [413 if path == TOKEN_PATH else 401]


def test_clients_read_an_early_response_and_reconnect(world: World, tmp_path: Path) -> None:
    address = "http://{}:{}/api/v1/products".format(*world.api.address)
    with httpx.Client() as client:
        for _ in range(3):
            assert client.post(address, content=b"a" * FLOOD).status_code == 401
            assert client.post(address, content=iter([b"a" * FLOOD] * 2)).status_code == 401
    if curl := shutil.which("curl"):
        (tmp_path / "body").write_bytes(b"a" * FLOOD)
        command = [curl, "-s", "-o", "-", "-w", "%{http_code}", "-H", "Expect:", "--data-binary", f"@{tmp_path}/body"]
        done = subprocess.run([*command, address, address], capture_output=True, check=True, timeout=60)
        assert done.stdout.endswith(b"401")
        assert done.stdout.count(b'"invalid_token"') == 2
