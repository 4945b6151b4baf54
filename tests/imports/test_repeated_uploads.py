"""The bounds of an upload that repeats a request with the same Idempotency-Key."""

from __future__ import annotations

import select
import socket

import pytest

from harness.concurrency import seconds_until
from harness.world import World
from imports.files import IMPORTS, csv_file, ended, new_sku, send

SOON_S = 20.0
AT_ONCE = 2


def _connect(world: World, key: str, length: int) -> socket.socket:
    """A connection with the head of a repetition; its body follows."""
    connection = socket.create_connection(("127.0.0.1", world.server.port), timeout=SOON_S)
    head = (
        f"POST /api/v1{IMPORTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.owner.access}\r\n"
        f"Content-Type: text/csv\r\nIdempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode())
    return connection


@pytest.mark.any_engine
def test_repetitions_are_read_two_at_a_time(world: World) -> None:
    content, headers = csv_file(("sku", "name"), [[new_sku(), "Bolt"]]), {"Idempotency-Key": new_sku()}
    first = ended(world, send(world, content, headers=headers).expect(202).data())
    held = [_connect(world, headers["Idempotency-Key"], len(content)) for _ in range(AT_ONCE + 1)]
    try:
        answered, _, _ = select.select(held, [], [], SOON_S)
        assert [connection.recv(1_000)[:13] for connection in answered] == [b"HTTP/1.1 429 "]
        held.remove(answered[0])
        answered[0].close()
        refused = send(world, content, headers=headers).expect(429, "rate_limit_exceeded")
        assert refused.header("retry-after") is not None
        ended(world, send(world, csv_file(("sku", "name"), [[new_sku(), "Nut"]])).expect(202).data())
        held[0].sendall(content)
        assert held[0].recv(1_000).startswith(b"HTTP/1.1 202 ")
        again = send(world, content, headers=headers).expect(202)
        assert (again.data()["id"], again.header("idempotent-replayed")) == (first["id"], "true")
    finally:
        for connection in held:
            connection.close()
    seconds_until(lambda: send(world, content, headers=headers).status == 202, within=SOON_S)


@pytest.mark.any_engine
def test_a_repetition_with_a_longer_file_is_refused_while_it_arrives(world: World) -> None:
    content, key = csv_file(("sku", "name"), [[new_sku(), "Bolt"]]), new_sku()
    ended(world, send(world, content, headers={"Idempotency-Key": key}).expect(202).data())
    with _connect(world, key, 50_000_000) as connection:
        connection.sendall(content + b"x" * 300_000)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 422 ")
