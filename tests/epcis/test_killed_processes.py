"""Every event is captured exactly once, whichever process is killed; a capture ends with the rights of its caller."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from conftest import ServerFactory, checked_for_leaks
from epcis.documents import PROCEED, Event, captured, counts, document, ended, job_path, object_event, send
from harness.clients import get_token
from harness.rows import count_rows, execute
from harness.server import Server
from harness.world import World, build_world
from linkxg.clock import HOUR, now_ms

EVENTS = 8_000
EVENTS_OF_LONG_CAPTURE = 20_000
"""Enough that the revocation comes first also on a busy machine."""


@pytest.fixture(scope="module")
def world(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """A server of two workers, which these tests kill and start again."""
    yield from checked_for_leaks(build_world(new_server(engine, workers=2)))


def _document(prefix: str, events: int = EVENTS) -> bytes:
    def event(number: int) -> Event:
        return object_event(f"urn:uuid:{prefix}-{number}", epcList=[f"urn:epc:id:sgtin:0614141.107346.{number}"])

    return document(event(number) for number in range(events))


def _begun(world: World, path: str, bearer: str | None = None) -> dict[str, Any]:
    """The job once some of its events are read and not yet all."""
    while True:
        found = world.api.get(path, bearer=bearer or world.owner.access).expect(200).object()
        assert found["running"], "the document is too small for this test"
        if found["counts"]["processed"]:
            return found


def _importers(server: Server) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if "linkxg.job_kinds" in child.cmdline()]


def _require_exactly_once(world: World, job: dict[str, Any], prefix: str) -> None:
    assert (job["success"], counts(job)) == (True, (EVENTS, 0, 0))
    like = f"event_id like 'urn:uuid:{prefix}-%'"
    assert count_rows(world.server.database, f"epcis_events where {like}") == EVENTS
    of_events = f"event_id in (select id from epcis_events where {like})"
    assert count_rows(world.server.database, f"epcis_event_items where {of_events}") == EVENTS


@pytest.mark.parametrize("proceed", [True, False])
def test_a_capture_survives_the_death_of_all_processes(world: World, proceed: bool) -> None:
    prefix = f"all-{proceed}"
    path = job_path(send(world, _document(prefix), headers=(PROCEED if proceed else {})).expect(202))
    _begun(world, path)
    world.server.kill()
    execute(world.server.database, "update import_jobs set lease_until = 0 where status in ('QUEUED', 'RUNNING')")
    world.server.start()
    _require_exactly_once(world, ended(world, path), prefix)


def test_a_capture_survives_the_death_of_its_process(world: World) -> None:
    path = job_path(send(world, _document("one"), headers=PROCEED).expect(202))
    _begun(world, path)
    for process in _importers(world.server):
        process.send_signal(signal.SIGKILL)
    _require_exactly_once(world, ended(world, path), "one")


@pytest.mark.parametrize("proceed", [True, False])
def test_a_capture_ends_with_the_rights_of_its_caller(world: World, proceed: bool) -> None:
    prefix, client = f"revoked-{proceed}", world.new_client()
    bearer = get_token(world.api, client)
    headers = {"Content-Type": "application/json"} | (PROCEED if proceed else {})
    sent = world.api.post(
        "/epcis/capture", bearer=bearer, content=_document(prefix, EVENTS_OF_LONG_CAPTURE), headers=headers
    )
    path = job_path(sent.expect(202))
    _begun(world, path)
    world.api.delete(f"/oauth/clients/{client.client_id}", bearer=world.owner.access).expect(204)
    job = ended(world, path)
    assert not job["success"]
    assert [error["type"] for error in job["errors"]] == ["epcisException:SecurityException"]
    written = count_rows(world.server.database, f"epcis_events where event_id like 'urn:uuid:{prefix}-%'")
    assert written == job["counts"]["captured"]
    assert written < EVENTS_OF_LONG_CAPTURE
    assert proceed or not written


def test_an_account_has_at_most_five_open_captures(world: World) -> None:
    event = document([object_event()])
    paths = [job_path(send(world, event).expect(202)) for _ in range(5)]
    assert all(ended(world, path)["success"] for path in paths)
    jobs = ", ".join(f"'{path.rpartition('/')[2]}'" for path in paths)
    # As if another worker ran them.
    execute(
        world.server.database,
        f"update import_jobs set status = 'RUNNING', lease_until = {now_ms() + HOUR} where id in ({jobs})",
    )
    refused = send(world, event).expect(429, "rate_limit_exceeded")
    assert refused.object()["type"] == "epcisException:ImplementationException"
    # Those of another kind are not counted.
    fields = {"Content-Type": "text/csv"}
    world.api.post("/imports", bearer=world.owner.access, content=b"sku,name\nA,B\n", headers=fields).expect(202)
    execute(world.server.database, f"update import_jobs set status = 'COMPLETED' where id in ({jobs})")
    captured(world, event)
