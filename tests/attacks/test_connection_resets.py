"""A connection reset by the peer is not logged as an error. Security rule L4."""

from __future__ import annotations

import socket
import struct

import pytest

from attacks.cases import TOKEN_PATH, case, filled
from harness.client import FORM_TYPE
from harness.raw_http import request_bytes, response_statuses, send_bytes
from harness.world import World

GET = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
AT_ONCE = struct.pack("ii", 1, 0)


@pytest.mark.parametrize("wait", [case("L4", "at once", False), case("L4", "within an answer", True)])
@pytest.mark.parametrize("name", [case("L4", name, name) for name in ("document", "token", "both")])
def test_a_connection_reset_is_not_logged_as_an_error(world: World, name: str, wait: bool) -> None:
    grant = filled(b"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}", world.oauth)
    token = request_bytes(world.api, "POST", TOKEN_PATH, [("Content-Type", FORM_TYPE)], grant)
    token = token.replace(b"Connection: close\r\n", b"")
    document = GET % b"/api/v1/openapi.json"
    crowd = {"document": document * 40, "token": token * 40, "both": (token + document) * 20}[name]
    before = len(world.server.process.lines())
    for _ in range(10):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(world.api.address)
            connection.sendall(crowd)
            if wait:
                assert connection.recv(12) == b"HTTP/1.1 200"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    # Whoever is answered here comes after the requests that were under way.
    for _ in range(3):
        assert response_statuses(send_bytes(world.api, LAST)) == [200]
    log = "\n".join(world.server.process.lines()[before:])
    for sign in ("Exception", "Traceback", "a request failed"):
        assert sign not in log, log[-4_000:]
