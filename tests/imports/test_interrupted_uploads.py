"""An upload in one request whose worker is killed."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator

import psutil
import pytest

from faults.test_kill import workers
from harness.answers import Answer
from harness.concurrency import seconds_until
from harness.rows import execute
from harness.world import World
from imports.files import IMPORTS, counts, csv_file, ended, new_sku, send
from imports.resumable_uploads import start_upload

WorldFactory = Callable[..., World]
FREED_MS = 30_000
ROWS = 20
SOON_S = 20.0
UPLOADS = "select id, lease_until - touched_at from import_jobs where status = 'UPLOADING'"


def key_of(content: bytes) -> str:
    """Each test has a file of its own: a key that was answered before begins no upload."""
    return hashlib.sha256(content).hexdigest()


class HalfSent:
    """Connections by which half of a file has come; their workers wait for the rest."""

    def __init__(self) -> None:
        self.open: list[socket.socket] = []

    def __call__(self, world: World, content: bytes, number: int = 1) -> set[str]:
        """The ids of that many imports that are being uploaded."""
        for _ in range(number):
            connection = socket.create_connection(("127.0.0.1", world.server.port), timeout=SOON_S)
            self.open.append(connection)
            head = (
                f"POST /api/v1{IMPORTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.owner.access}\r\n"
                f"Content-Type: text/csv\r\nIdempotency-Key: {key_of(content)}\r\n"
                f"Content-Length: {len(content)}\r\n\r\n"
            )
            connection.sendall(head.encode() + content[: len(content) // 2])
        seconds_until(lambda: len(execute(world.server.database, UPLOADS)) == number, within=SOON_S)
        return {job_id for job_id, _ in execute(world.server.database, UPLOADS)}


@pytest.fixture
def half_sent() -> Iterator[HalfSent]:
    sent = HalfSent()
    yield sent
    for connection in sent.open:
        connection.close()


def again(world: World, content: bytes) -> Answer:
    return send(world, content, headers={"Idempotency-Key": key_of(content)})


def let_leases_run_out(world: World) -> None:
    """As if their time had passed: nobody renews them."""
    leases = [int(left) for _, left in execute(world.server.database, UPLOADS)]
    assert leases
    assert all(0 < left < FREED_MS for left in leases), "an orphan is freed within 30 s of its end"
    execute(
        world.server.database,
        f"update import_jobs set lease_until = lease_until - {FREED_MS} where status = 'UPLOADING'",
    )


def require_resumed(world: World, content: bytes, orphans: set[str]) -> None:
    """The same request is answered as if there had been no other, and the log names what was given up."""
    done = ended(world, again(world, content).expect(202).data())
    assert (done["status"], counts(done)) == ("COMPLETED", (ROWS, 0, 0, 0))
    assert done["id"] not in orphans
    named = world.server.wait_for_event("import.orphaned", count=len(orphans), timeout=SOON_S)
    assert {event["job_id"] for event in named} == orphans
    assert {event["account_id"] for event in named} == {world.account.account_id}
    seconds_until(lambda: execute(world.server.database, UPLOADS) == [], within=SOON_S)


@pytest.fixture
def content() -> bytes:
    return csv_file(("sku", "name"), [[new_sku(), "Bolt"] for _ in range(ROWS)])


def test_uploads_of_a_killed_server_free_the_account(
    engine: str, content: bytes, fresh_world: WorldFactory, half_sent: HalfSent
) -> None:
    world = fresh_world(engine)
    orphans = half_sent(world, content, number=2)
    world.server.kill()
    let_leases_run_out(world)
    findings = json.loads(world.server.try_command("doctor", "--json").stdout)
    named = [one["says"] for one in findings if (one["check"], one["level"]) == ("imports", "warning")]
    assert all(any(job_id in says and world.account.account_id in says for says in named) for job_id in orphans), named
    world.server.start()
    require_resumed(world, content, orphans)


def test_uploads_of_killed_workers_free_the_account(
    engine: str, content: bytes, fresh_world: WorldFactory, half_sent: HalfSent
) -> None:
    world = fresh_world(engine, workers=2)
    orphans = half_sent(world, content, number=2)
    for pid in workers(world.server):
        psutil.Process(pid).kill()
    world.server.wait_for_event("started", count=4)
    again(world, content).expect(429, "rate_limit_exceeded")
    let_leases_run_out(world)
    require_resumed(world, content, orphans)


def test_the_lease_ends_with_the_upload(world: World, content: bytes, half_sent: HalfSent) -> None:
    """Else the import would wait for it."""
    (job_id,) = half_sent(world, content)
    (connection,) = half_sent.open
    connection.sendall(content[len(content) // 2 :])
    assert connection.recv(12) == b"HTTP/1.1 202"
    assert ended(world, {"id": job_id})["status"] == "COMPLETED"


def test_an_upload_declared_orphaned_accepts_nothing_more(world: World, content: bytes, half_sent: HalfSent) -> None:
    """A worker that stood still meanwhile must not make an import of a file of which parts are deleted."""
    half_sent(world, content)
    (connection,) = half_sent.open
    let_leases_run_out(world)
    seconds_until(lambda: execute(world.server.database, UPLOADS) == [], within=SOON_S)
    connection.sendall(content[len(content) // 2 :])
    response = http.client.HTTPResponse(connection, method="POST")
    response.begin()
    assert response.status == 409
    body = json.loads(response.read())
    assert body["error"] == "conflict"
    assert "Send the file again." in str(body)


def test_an_upload_that_is_cancelled_while_it_arrives_is_a_conflict(world: World, content: bytes) -> None:
    """It was 404, which says that there never was one."""
    job = start_upload(world, len(content)).expect(202).data()
    with socket.create_connection(("127.0.0.1", world.server.port), timeout=SOON_S) as connection:
        head = (
            f"PATCH /api/v1{IMPORTS}/{job['id']}/content HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {world.owner.access}\r\nUpload-Offset: 0\r\nConnection: close\r\n"
            f"Content-Type: application/partial-upload\r\nContent-Length: {len(content)}\r\n"
            "Expect: 100-continue\r\n\r\n"
        )
        connection.sendall(head.encode())
        # The server is reading: it has found the upload, and it waits for the part.
        assert connection.recv(12) == b"HTTP/1.1 100"
        world.api.post(f"{IMPORTS}/{job['id']}/cancel", bearer=world.owner.access).expect(202)
        connection.sendall(content)
        answer = b""
        while received := connection.recv(65_536):
            answer += received
    assert b"HTTP/1.1 409" in answer
    assert b'"error":"conflict"' in answer
    assert b"cancelled" in answer
