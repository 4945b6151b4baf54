"""`POST /epcis/events`: one event, stored when the answer arrives."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from epcis.documents import CONTEXT, EVENTS, Event, captured, document, new_id, object_event, stored
from harness.answers import Answer
from harness.concurrency import concurrently
from harness.rows import count_rows
from harness.world import World


def post(world: World, event: Event, **options: Any) -> Answer:
    return world.api.post(EVENTS, bearer=world.owner.access, json={"@context": [CONTEXT], **event}, **options)


def test_an_event_is_stored_at_once(world: World) -> None:
    event = object_event()
    answer = post(world, event).expect(201)
    assert stored(world, [event["eventID"]]) == [event["eventID"]]
    assert (answer.header("location") or "").endswith(f"{EVENTS}/{quote(event['eventID'], safe='')}")
    assert answer.object() == {"@context": answer.object()["@context"], **event}


def test_without_an_event_id_the_answer_names_the_hash(world: World) -> None:
    event = {name: value for name, value in object_event().items() if name != "eventID"}
    answer = post(world, event).expect(201)
    event_id = answer.object()["eventID"]
    assert event_id.startswith("ni:///sha-256;")
    assert stored(world, [event_id]) == [event_id]
    post(world, event).expect(409, "conflict")


@pytest.mark.parametrize("changed", [{}, {"bizStep": "receiving"}])
def test_a_stored_event_id_is_a_conflict_whatever_the_event(world: World, changed: Event) -> None:
    """GS1 EPCIS issue 48."""
    event = object_event()
    captured(world, document([event]))
    refused = post(world, event | changed).expect(409, "conflict")
    assert refused.object()["type"] == "epcisException:ResourceAlreadyExistsException"
    assert len(stored(world, [event["eventID"]])) == 1


def test_the_faults_of_an_event_are_named(world: World) -> None:
    refused = post(world, object_event(action="LOOK", bizStep=7)).expect(400, "invalid_request")
    assert refused.object()["type"] == "epcisException:ValidationException"
    assert {one["field"] for one in refused.object()["details"]} >= {"/action"}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b'"\xff"', b"null"])
def test_what_is_no_event_is_refused(world: World, content: bytes) -> None:
    fields = {"Content-Type": "application/json"}
    answer = world.api.post(EVENTS, bearer=world.owner.access, content=content, headers=fields)
    assert answer.expect(400, "invalid_request").object()["type"] == "epcisException:ValidationException"


def test_an_event_beyond_the_limit_is_refused_with_the_limits(world: World) -> None:
    event = object_event(**{"example:note": "x" * (1 << 20)})
    refused = post(world, event).expect(413, "payload_too_large")
    assert refused.object()["type"] == "epcisException:CaptureLimitExceededException"
    assert refused.header("gs1-epcis-capture-limit") == "100000"
    assert refused.header("gs1-epcis-capture-file-size-limit") == str(100 << 20)


def test_xml_and_compressed_bodies_are_refused(world: World) -> None:
    bearer = world.owner.access
    for fields in ({"Content-Type": "application/xml"}, {"Content-Type": "application/json", "Content-Encoding": "br"}):
        world.api.post(EVENTS, bearer=bearer, content=b"{}", headers=fields).expect(415, "unsupported_media_type")


def test_a_repeated_request_is_answered_again(world: World) -> None:
    event, key = object_event(), {"Idempotency-Key": new_id()}
    first = post(world, event, headers=key).expect(201)
    again = post(world, event, headers=key).expect(201)
    assert again.header("idempotent-replayed") == "true"
    assert (again.object(), again.header("location")) == (first.object(), first.header("location"))
    post(world, object_event(), headers=key).expect(422, "idempotency_key_reused")
    assert len(stored(world, [event["eventID"]])) == 1


def test_of_the_same_event_at_the_same_time_one_is_stored(world: World) -> None:
    event = object_event()
    answers = concurrently([lambda: post(world, event).status] * 6)
    assert sorted(answers) == [201, 409, 409, 409, 409, 409]
    assert len(stored(world, [event["eventID"]])) == 1


def test_a_single_event_is_in_the_audit_trail(world: World) -> None:
    event = object_event()
    answer = post(world, event).expect(201)
    listed = world.api.get("/account/audit-events?action=event.captured&limit=1", bearer=world.owner.access)
    [found] = listed.expect(200).json()["data"]
    assert found["details"] == {"event_id": event["eventID"]}
    assert found["requestId"] == answer.header("x-request-id")
    assert count_rows(world.server.database, f"epcis_events where id = {found['target']}") == 1
