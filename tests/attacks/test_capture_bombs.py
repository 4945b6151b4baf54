"""Documents that are small on the wire and large in memory cost what their size bounds. Security rule L5."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from conftest import ServerFactory, checked_for_leaks
from epcis.documents import CAPTURE, CONTEXT, document, object_event
from harness.world import World, build_world

MIB = 1024 * 1024
GZIP = (("Content-Encoding", "gzip"),)
HEAD = b'{"@context":["%s"],"type":"EPCISDocument","schemaVersion":"2.0",' % str(CONTEXT).encode()
HEAD += b'"creationDate":"2026-01-01T00:00:00Z","epcisBody":{"eventList":['


def with_extension(value: bytes) -> bytes:
    return HEAD + json.dumps(object_event()).encode()[:-1] + b',"ex:a":' + value + b"}]}}"


BOMBS = {
    "zeros": (gzip.compress(b"\0" * (128 * MIB)), GZIP),
    "spaces": (gzip.compress(b" " * (128 * MIB)), GZIP),
    "nested-gzip": (gzip.compress(gzip.compress(b"\0" * (64 * MIB))), GZIP),
    "twice-encoded": (gzip.compress(gzip.compress(document([object_event()]))), (("Content-Encoding", "gzip, gzip"),)),
    "many-members": (gzip.compress(b"") * 100_000 + gzip.compress(b"{}"), GZIP),
    "deep-lists": (b"[" * (4 * MIB), ()),
    "deep-objects": (b'{"a":' * MIB, ()),
    "deep-head": (b'{"@context":' + b"[" * (2 * MIB), ()),
    "deep-event": (with_extension(b"[" * 200_000 + b"]" * 200_000), ()),
    "long-number": (with_extension(b"9" * (4 * MIB)), ()),
    "many-names": (with_extension(b"{" + b",".join(b'"k%d":1' % n for n in range(150_000)) + b"}"), ()),
    "many-contexts": (b'{"@context":[' + b",".join(b'{"p%d":"https://x.example/"}' % n for n in range(150_000)), ()),
}


@pytest.fixture(scope="module")
def world(new_server: ServerFactory) -> Iterator[World]:
    yield from checked_for_leaks(build_world(new_server("sqlite")))


@pytest.mark.parametrize("bomb", list(BOMBS))
@pytest.mark.parametrize("path", [CAPTURE, "/epcis/events"])
def test_rule_l5_a_bomb_costs_what_its_size_bounds(world: World, path: str, bomb: str) -> None:
    content, headers = BOMBS[bomb]
    process = psutil.Process(world.server.process.pid)
    before = resident(process)
    peak, stopping = [before], threading.Event()

    def watch() -> None:
        while not stopping.wait(0.02):
            peak.append(resident(process))

    watching = threading.Thread(target=watch)
    watching.start()
    answer = world.api.request(
        "POST",
        path,
        bearer=world.owner.access,
        content=content,
        headers=[("Content-Type", "application/json"), *headers],
    )
    try:
        if answer.status == 202:
            address = f"{CAPTURE}/{(answer.header('location') or '').rpartition('/')[2]}"
            deadline = time.monotonic() + 30
            while (job := world.api.get(address, bearer=world.owner.access).expect(200).object())["running"]:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert (job["success"], job["counts"]["captured"]) == (False, 0)
            assert not any("server" in error["title"] for error in job["errors"]), job
        else:
            assert answer.status in (400, 413, 415), answer
    finally:
        stopping.set()
        watching.join()
    # The process of the jobs and its fork are among them.
    assert max(peak) - before < 256 * MIB


def resident(process: psutil.Process) -> int:
    """The memory of the server and everything that it has started."""
    found = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            found += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return found
