"""Pipelined requests: a bounded number is buffered, and each is answered in order. Security rule L4."""

from __future__ import annotations

import contextlib
import socket

from attacks.cases import TOKEN_PATH, filled
from harness.client import FORM_TYPE
from harness.raw_http import request_bytes, response_statuses, send_bytes, send_in_pieces
from harness.world import World

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
CROWD = 7_000
"""About 230 KB of requests, which a connection takes without any of them being answered."""
KEPT = 8 * 1024 * 1024


def test_many_pipelined_requests_take_bounded_memory_and_are_all_answered(quiet: World) -> None:
    # What a process takes with its first requests, it keeps.
    assert response_statuses(send_bytes(quiet.api, GET * 20 + LAST)) == [200] * 21
    before = quiet.server.process.resident_bytes()
    with contextlib.ExitStack() as stack:
        crowded = [stack.enter_context(socket.create_connection(quiet.api.address, timeout=20)) for _ in range(3)]
        for connection in crowded:
            connection.sendall(GET * CROWD)
        # Whoever is answered here comes after the server has read from all of the others.
        assert response_statuses(send_bytes(quiet.api, LAST)) == [200]
        assert quiet.server.process.resident_bytes() - before < KEPT
    assert response_statuses(send_bytes(quiet.api, GET * CROWD + LAST)) == [200] * (CROWD + 1)


def test_pipelined_bodies_stay_with_their_requests(world: World) -> None:
    """Empty lines in bodies, chunked bodies and cuts at odd places."""
    grant = filled(b"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}", world.oauth)
    odd = b"\r\n\r\n" * 20
    plain = request_bytes(world.api, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE)], grant)
    empty = request_bytes(world.api, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE)], odd)
    head = request_bytes(
        world.api, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE), ("Transfer-Encoding", "chunked")],
        content_length=False,
    )  # fmt: skip
    chunked = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(grant), grant)
    stream = ((plain + empty + chunked) * 20).replace(b"Connection: close\r\n", b"") + LAST
    expected = [*[200, 400, 200] * 20, 200]
    assert response_statuses(send_bytes(world.api, stream)) == expected
    for size in (7, 1_000, 4_099):
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert response_statuses(send_in_pieces(world.api, pieces, pause=0.0)) == expected


def test_bytes_that_are_not_http_are_rejected_after_the_pending_answers(world: World) -> None:
    """Even if the one before it takes longer, and if the one that breaks off has begun."""
    slow = request_bytes(
        world.api, "POST", "/api/v1/auth/login", [("Content-Type", "application/json")],
        b'{"email":"nobody@example.test","password":"kestrel opens no battery"}',
    ).replace(b"Connection: close\r\n", b"")  # fmt: skip
    broken = request_bytes(world.api, "POST", TOKEN_PATH, [("Transfer-Encoding", "chunked")], content_length=False)
    for bad in (b"FOO / HTTP/1.1\r\n\r\n", broken + b"zz\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000):
        assert response_statuses(send_bytes(world.api, slow + GET + bad)) == [
            401,
            200,
            431 if len(bad) > 40_000 else 400,
        ]


def test_nothing_after_the_last_request_is_read(world: World) -> None:
    assert response_statuses(send_bytes(world.api, LAST + GET * 3)) == [200]
    assert response_statuses(send_in_pieces(world.api, [LAST[:-2], LAST[-2:] + GET[:-2] + b"\r\n"])) == [200]
