"""Trailer fields are never header fields, and are bounded like those. Security rule L2, RFC 9110 §6.5.1."""

from __future__ import annotations

import contextlib
import json
import socket

import pytest

from attacks.cases import TOKEN_PATH, case, filled
from harness.client import FORM_TYPE
from harness.raw_http import request_bytes, response_statuses, send_bytes, send_in_pieces, send_raw
from harness.world import World

GRANT = b"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}"
CHUNKED = [("Content-Type", FORM_TYPE), ("Transfer-Encoding", "chunked")]
HTTPS = [("X-Forwarded-For", "203.0.113.90"), ("X-Forwarded-Proto", "https")]
PATHS = (TOKEN_PATH, "/api/v1/oauth/introspect", "/api/v1/oauth/revoke", "/api/v1/auth/refresh", "/api/v1/auth/login")
FLOOD = 20 * 1024 * 1024
KEPT = 8 * 1024 * 1024
"""More memory than this is not the noise of a process."""


def chunked(
    world: World, path: str, body: bytes, trailers: bytes, headers: list[tuple[str, str]] | None = None
) -> bytes:
    """A POST whose body is one chunk, with these trailer fields."""
    head = request_bytes(world.api, "POST", path, [*CHUNKED, *(headers or [])], content_length=False)
    return head + b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailers)


@pytest.mark.parametrize("path", [case("L2", name, name) for name in PATHS])
@pytest.mark.parametrize("pieces", [case("L2", "whole", 1), case("L2", "in pieces", 2)])
def test_a_trailer_field_cannot_claim_tls(limited: World, path: str, pieces: int) -> None:
    request = chunked(limited, path, b"x", b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.90\r\n")
    at = request.index(b"\r\n\r\n") + 4 if pieces == 2 else len(request)
    received = send_in_pieces(limited.api, [request[:at], request[at:]] if pieces == 2 else [request])
    assert response_statuses(received) == [400]
    assert b"Use HTTPS" in received


def test_a_trailer_field_cannot_change_the_source(limited: World) -> None:
    body = filled(GRANT, limited.oauth)
    request = chunked(limited, TOKEN_PATH, body, b"X-Forwarded-For: 203.0.113.91\r\n", HTTPS)
    answer = send_raw(limited.api, request, reveals=True)
    assert answer is not None
    answer.expect(200)
    request_id = str(answer.header("x-request-id"))
    [line] = limited.server.process.wait_for(lambda line: request_id in line)
    assert json.loads(line)["source"] == "203.0.113.90"


@pytest.mark.parametrize("path", [case("L2", name, name) for name in PATHS[:3]])
def test_a_trailer_field_cannot_authenticate(world: World, path: str) -> None:
    credentials = world.vault.basic(world.oauth.client_id, world.oauth.client_secret)
    trailers = f"Authorization: {credentials}\r\n".encode()
    answer = send_raw(world.api, chunked(world, path, b"grant_type=client_credentials&token=abc", trailers))
    assert answer is not None
    assert answer.status in {400, 401}, answer


@pytest.mark.parametrize(
    "trailers",
    [case("L2", "many fields", b"X-A: b\r\n" * 6_000), case("L2", "one field", b"X-A: " + b"b" * 40_000 + b"\r\n")],
)
@pytest.mark.parametrize("path", [case("L2", name, name) for name in (TOKEN_PATH, "/api/v1/auth/login")])
def test_large_trailer_sections_are_refused(world: World, path: str, trailers: bytes) -> None:
    request = chunked(world, path, b"x", trailers)
    for at in (len(request), 300, len(request) - 10):
        assert response_statuses(send_in_pieces(world.api, [request[:at], request[at:]])) == [431], at


@pytest.mark.parametrize("number", [case("L2", "32 KiB", 4_096), case("L2", "a field more", 4_097)])
def test_a_trailer_section_is_measured_once_however_it_comes(world: World, number: int) -> None:
    fields = b"X-A: b\r\n" * number
    request = chunked(world, TOKEN_PATH, filled(GRANT, world.oauth), fields)
    start = request.index(b"\r\n0\r\n") + 2
    cuts: tuple[list[int], ...] = (
        [],
        [start],
        [start + 3],
        [start + 3, start + 16_000, len(request) - 6],
        [*range(start, len(request), 5_001)],
    )
    for places in cuts:
        pieces = [request[at:to] for at, to in zip([0, *places], [*places, len(request)], strict=True)]
        assert response_statuses(send_in_pieces(world.api, pieces)) == [200 if number == 4_096 else 431], places


@pytest.mark.parametrize(
    "path", [case("L2", name, name) for name in (TOKEN_PATH, "/api/v1/auth/login", "/api/v1/products")]
)
@pytest.mark.parametrize("line", [case("L2", "many fields", b"X-A: b\r\n"), case("L2", "one field", b"bbbbbbbb")])
def test_a_flood_of_trailer_fields_leaves_no_memory_behind(quiet: World, path: str, line: bytes) -> None:
    """`products` answers 401 at once, while the body is still coming."""
    # What a process takes with its first requests, it keeps.
    send_bytes(quiet.api, chunked(quiet, path, b"x", b"X-A: b\r\n"))
    before = quiet.server.process.resident_bytes()
    request = chunked(quiet, path, b"x", b"X-A: ").removesuffix(b"\r\n")
    with socket.create_connection(quiet.api.address, timeout=20) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
            for _ in range(FLOOD // 65_536):
                connection.sendall(line * (65_536 // len(line)))
        with contextlib.suppress(ConnectionError):
            while connection.recv(65_536):
                pass
    assert quiet.server.process.resident_bytes() - before < KEPT
