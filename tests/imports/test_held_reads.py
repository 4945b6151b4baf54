"""What is still being sent or waited for ends when its token is revoked (security rule L1)."""

from __future__ import annotations

import select
import socket
import time
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

import pytest

from harness.clients import get_token, revoke
from harness.world import World
from imports.files import IMPORTS, csv_file, new_sku, run
from imports.resumable_uploads import start_upload

WAIT_S = 20
ROWS, ROW_BYTES = 800, 15_000
"""More than the buffers of the system hold."""


def test_a_waiting_read_is_rejected_when_its_token_is_revoked(world: World) -> None:
    job = start_upload(world, 9).expect(202).data()
    client = world.new_client("imports:write")
    token = get_token(world.api, client, "imports:write")
    url = urlsplit(world.server.url)
    with socket.create_connection((str(url.hostname), int(url.port or 80)), timeout=WAIT_S + 10) as held:
        held.sendall(
            f"GET /api/v1{IMPORTS}/{job['id']}?wait={WAIT_S} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        answered, _, _ = select.select([held], [], [], 1.0)
        assert not answered, "the read did not wait"
        revoked = time.monotonic()
        revoke(world.api, client, token).expect(200)
        with closing(HTTPResponse(held, method="GET")) as response:
            response.begin()
            assert response.status == 401
            assert b"invalid_token" in response.read()
        assert time.monotonic() - revoked < WAIT_S / 2, "the read was held until the end of its wait"
    world.api.post(f"{IMPORTS}/{job['id']}/cancel", bearer=world.owner.access)


def test_a_download_ends_when_its_token_is_revoked(world: World) -> None:
    job = run(world, csv_file(["sku", "name"], ([new_sku(), "x" * ROW_BYTES] for _ in range(ROWS))), dryRun="true")
    client = world.new_client("imports:write")
    token = get_token(world.api, client, "imports:write")
    url = urlsplit(world.server.url)
    with socket.create_connection((str(url.hostname), int(url.port or 80)), timeout=WAIT_S) as slow:
        slow.sendall(
            f"GET /api/v1{IMPORTS}/{job['id']}/errors HTTP/1.1\r\nHost: {url.netloc}\r\nAccept: text/csv\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        with closing(HTTPResponse(slow, method="GET")) as response:
            response.begin()
            assert (response.status, len(response.read(100))) == (200, 100)
            revoke(world.api, client, token).expect(200)
            ended = time.monotonic() + 1.5
            while time.monotonic() < ended:
                # As slow as the next check of the caller is away.
                response.read(100)
                time.sleep(0.1)
            with pytest.raises((HTTPException, ConnectionError)):
                response.read()
