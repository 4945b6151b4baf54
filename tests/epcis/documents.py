"""Makes EPCIS documents, sends them and waits for their capture."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from harness.answers import Answer
from harness.people import Session
from harness.rows import rows
from harness.world import World

CAPTURE, EVENTS = "/epcis/capture", "/epcis/events"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
JSON = {"Content-Type": "application/json"}
PROCEED = {"GS1-Capture-Error-Behaviour": "proceed"}
WAIT_S = 90
Event = dict[str, Any]


def new_id() -> str:
    return f"urn:uuid:{uuid4()}"


def new_epc() -> str:
    """A URI that no other event is about."""
    return f"urn:epc:id:sgtin:0614141.107346.{uuid4().int % 10**15}"


def object_event(event_id: str | None = None, **changed: Any) -> Event:
    """An ObjectEvent of one EPC; a member that is None is left out."""
    made: Event = {
        "type": "ObjectEvent",
        "eventID": event_id or new_id(),
        "eventTime": "2026-11-28T10:00:00.000Z",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [new_epc()],
        "action": "OBSERVE",
        "bizStep": "shipping",
        **changed,
    }
    return {name: value for name, value in made.items() if value is not None}


def invalid_event(event_id: str | None = None) -> Event:
    """An event without an action."""
    return object_event(event_id, action=None)


def document(events: Iterable[Event], **changed: Any) -> bytes:
    made = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-28T10:00:00.000Z",
        "epcisBody": {"eventList": list(events)},
        **changed,
    }
    return json.dumps({name: value for name, value in made.items() if value is not None}).encode()


def send(
    world: World, content: bytes, by: Session | None = None, headers: Mapping[str, str] = MappingProxyType({})
) -> Answer:
    """One attempt to capture a document."""
    return world.api.post(CAPTURE, bearer=(by or world.owner).access, content=content, headers={**JSON, **headers})


def job_path(answer: Answer) -> str:
    """The path of the job below the base of the API."""
    location = answer.header("location")
    assert location is not None
    return CAPTURE + location.partition(CAPTURE)[2]


def ended(world: World, path: str, by: Session | None = None) -> dict[str, Any]:
    """The job when it has ended."""
    deadline = time.monotonic() + WAIT_S
    while True:
        found = world.api.get(path, bearer=(by or world.owner).access, allow_503=True)
        if found.status == 200 and not found.object()["running"]:
            return found.object()
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def captured(world: World, content: bytes, *, proceed: bool = False, by: Session | None = None) -> dict[str, Any]:
    """The job of a document from its start to its end."""
    answer = send(world, content, by, PROCEED if proceed else {})
    return ended(world, job_path(answer.expect(202)), by)


def counts(job: Mapping[str, Any]) -> tuple[int, int, int]:
    """(captured, unchanged, rejected)."""
    return job["counts"]["captured"], job["counts"]["unchanged"], job["counts"]["rejected"]


def stored(world: World, event_ids: Iterable[str]) -> list[str]:
    """Those of the ids that are stored, once for each row, in the order of the rows."""
    listed = ", ".join(f"'{one}'" for one in event_ids)
    found = rows(world.server.database, f"select event_id from epcis_events where event_id in ({listed}) order by id")
    return [str(one[0]) for one in found]
