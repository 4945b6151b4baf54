"""Documents become events: all of them, or those without a fault, and each of them once."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from epcis.documents import (
    CAPTURE,
    CONTEXT,
    JSON,
    PROCEED,
    captured,
    counts,
    document,
    ended,
    invalid_event,
    job_path,
    new_id,
    object_event,
    send,
    stored,
)
from harness.rows import rows
from harness.world import World
from linkxg.clock import now_ms, rfc3339

VALIDATION = "epcisException:ValidationException"


def test_every_event_of_a_document_is_captured(world: World) -> None:
    events = [object_event() for _ in range(3)]
    answer = send(world, document(events)).expect(202)
    assert job_path(answer) == f"{CAPTURE}/{answer.object()['captureID']}"
    job = ended(world, job_path(answer))
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    assert job["captureErrorBehaviour"] == "rollback"
    assert job["createdAt"] <= job["finishedAt"]
    assert counts(job) == (3, 0, 0)
    ids = [one["eventID"] for one in events]
    assert stored(world, ids) == ids


def test_the_same_document_again_stores_nothing_new(world: World) -> None:
    """GS1 EPCIS issue 403."""
    events = [object_event() for _ in range(4)]
    captured(world, document(events[:2]))
    for proceed in (False, True):
        job = captured(world, document(events[: 3 + proceed]), proceed=proceed)
        assert job["success"]
        assert counts(job) == (1, 2 + proceed, 0)
    ids = [one["eventID"] for one in events]
    assert stored(world, ids) == ids


def test_an_event_twice_in_a_document_is_stored_once(world: World) -> None:
    for proceed in (False, True):
        event = object_event()
        job = captured(world, document([event, event]), proceed=proceed)
        assert (job["success"], counts(job)) == (True, (1, 1, 0))
        assert len(stored(world, [event["eventID"]])) == 1


def test_without_an_event_id_the_hash_identifies_an_event(world: World) -> None:
    event = {name: value for name, value in object_event().items() if name != "eventID"}
    assert counts(captured(world, document([event]))) == (1, 0, 0)
    assert counts(captured(world, document([event]))) == (0, 1, 0)
    account = world.account.account_id
    last = rows(
        world.server.database,
        f"select event_id from epcis_events where account_id = '{account}' order by id desc limit 1",
    )
    assert last[0][0].startswith("ni:///sha-256;")


def test_with_rollback_one_fault_keeps_every_event_out(world: World) -> None:
    """GS1 EPCIS issue 313."""
    good, bad = object_event(), invalid_event()
    job = captured(world, document([good, bad, object_event()]))
    assert (job["success"], counts(job)) == (False, (0, 0, 1))
    [error] = {one["index"]: one for one in job["errors"]}.values()
    assert (error["type"], error["index"], error["eventID"]) == (VALIDATION, 1, bad["eventID"])
    assert error["title"]
    assert error["detail"]
    assert stored(world, [good["eventID"]]) == []


def test_with_proceed_the_events_without_a_fault_are_captured(world: World) -> None:
    first, last = object_event(), object_event()
    job = captured(world, document([first, invalid_event(), last, invalid_event()]), proceed=True)
    assert (job["success"], job["captureErrorBehaviour"], counts(job)) == (False, "proceed", (2, 0, 2))
    assert {one["index"] for one in job["errors"]} == {1, 3}
    ids = [first["eventID"], last["eventID"]]
    assert stored(world, ids) == ids


def test_another_event_with_a_stored_id_is_rejected(world: World) -> None:
    first = object_event()
    captured(world, document([first]))
    other = object_event(first["eventID"], bizStep="receiving")
    for proceed in (False, True):
        job = captured(world, document([object_event(), other]), proceed=proceed)
        assert counts(job) == (int(proceed), 0, 1)
        [error] = job["errors"]
        assert error["type"] == "epcisException:ResourceAlreadyExistsException"
        assert (error["index"], error["eventID"]) == (1, first["eventID"])


def test_another_event_with_the_same_id_in_a_document_is_rejected(world: World) -> None:
    for proceed in (False, True):
        event_id = new_id()
        twins = [object_event(event_id), object_event(event_id, bizStep="receiving")]
        job = captured(world, document(twins), proceed=proceed)
        assert (job["success"], counts(job)) == (False, (int(proceed), 0, 1))
        assert [one["index"] for one in job["errors"]] == [1]


def test_an_error_declaration_is_captured_beside_its_event(world: World) -> None:
    """GS1 EPCIS issues 164 and 226: it has the same eventID."""
    event = object_event()
    declared = {**event, "errorDeclaration": {"declarationTime": "2026-11-28T11:00:00Z", "reason": "incorrect_data"}}
    assert counts(captured(world, document([event, declared]))) == (2, 0, 0)
    assert counts(captured(world, document([declared, event]))) == (0, 2, 0)
    assert stored(world, [event["eventID"]]) == [event["eventID"]] * 2


def test_a_query_document_is_captured(world: World) -> None:
    event = object_event()
    body = {"queryResults": {"queryName": "Q", "resultsBody": {"eventList": [event]}}}
    job = captured(world, document([], type="EPCISQueryDocument", epcisBody=body))
    assert counts(job) == (1, 0, 0)


def test_gzip_and_json_ld_are_accepted(world: World) -> None:
    fields = {"Content-Encoding": "gzip", "Content-Type": "application/ld+json; charset=UTF-8"}
    answer = send(world, gzip.compress(document([object_event()])), headers=fields).expect(202)
    assert counts(ended(world, job_path(answer))) == (1, 0, 0)


@pytest.mark.parametrize("kind", ["application/xml", "text/xml", "text/csv", "application/json; charset=utf-16", ""])
def test_other_media_types_are_refused(world: World, kind: str) -> None:
    answer = send(world, document([object_event()]), headers={"Content-Type": kind}).expect(
        415, "unsupported_media_type"
    )
    assert answer.object()["type"] == "epcisException:UnsupportedMediaTypeException"
    assert answer.header("accept-post") == "application/json, application/ld+json"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"no JSON",
        b"<epcis:EPCISDocument/>",
        document([], type="Document"),
        document([], type=None),
        document([], schemaVersion="1.2"),
        document([], schemaVersion=None),
        document([], **{"@context": None}),
        document([], epcisBody=None),
        document([object_event()])[:-1],
        document([object_event()]) + b"{}",
        document([object_event()]).replace(b'"schemaVersion"', b'"type": "EPCISDocument", "schemaVersion"'),
        b'{"a":' * 5_000,
        pytest.param(gzip.compress(document([object_event()]))[:-12], id="compressed and cut off"),
    ],
    ids=lambda content: content[:24].decode("latin-1"),
)
def test_what_is_no_epcis_document_is_refused_at_once(world: World, content: bytes) -> None:
    answer = send(world, content).expect(400, "invalid_request")
    assert answer.header("content-type") == "application/problem+json"
    assert answer.object()["type"] == VALIDATION


def test_a_fault_after_the_first_block_fails_the_job(world: World) -> None:
    events = [object_event(**{"example:note": "x" * 10_000}) for _ in range(150)]
    content = document(events, **{"@context": [CONTEXT, {"example": "https://example.com/"}]})
    assert len(content) > 1 << 20
    cut = content[:-200_000]
    job = ended(world, job_path(send(world, cut).expect(202)))
    assert (job["success"], counts(job)) == (False, (0, 0, 0))
    [error] = job["errors"]
    assert error["type"] == VALIDATION
    assert "index" not in error
    assert stored(world, [events[0]["eventID"]]) == []
    partly = captured(world, cut, proceed=True)
    assert not partly["success"]
    assert 100 < counts(partly)[0] < 150


def test_an_unknown_error_behaviour_is_refused(world: World) -> None:
    send(world, document([]), headers={"GS1-Capture-Error-Behaviour": "all"}).expect(400, "invalid_request")


def test_a_repeated_request_gets_the_same_job(world: World) -> None:
    content, key = document([object_event()]), new_id()
    first = send(world, content, headers={"Idempotency-Key": key}).expect(202)
    again = send(world, content, headers={"Idempotency-Key": key}).expect(202)
    assert again.header("location") == first.header("location")
    assert again.header("idempotent-replayed") == "true"
    other = send(world, document([object_event()]), headers={"Idempotency-Key": key}).expect(
        422, "idempotency_key_reused"
    )
    assert other.object()["type"] == VALIDATION
    send(world, content, headers={"Idempotency-Key": key, **PROCEED}).expect(422, "idempotency_key_reused")
    ended(world, job_path(first))


def test_jobs_are_listed_newest_first_in_pages(world: World) -> None:
    paths = [job_path(send(world, document([object_event()])).expect(202)) for _ in range(3)]
    for path in paths:
        ended(world, path)
    bearer = world.owner.access
    found: list[dict[str, Any]] = []
    path = f"{CAPTURE}?perPage=2"
    while len(found) < 3:
        answer = world.api.get(path, bearer=bearer).expect(200)
        page = answer.json()
        assert len(page) == 2
        found += page
        link = answer.header("link") or ""
        assert link.endswith('>; rel="next"')
        assert (answer.header("gs1-next-page-token-expires") or "") > found[0]["createdAt"]
        path = CAPTURE + link.partition(CAPTURE)[2].partition(">")[0]
    assert [f"{CAPTURE}/{one['captureID']}" for one in found[:3]] == paths[::-1]
    assert found[0] == world.api.get(paths[-1], bearer=bearer).object()
    refused = world.api.get(f"{CAPTURE}?nextPageToken=x", bearer=bearer).expect(400, "invalid_request").object()
    assert refused["type"] == "epcisException:QueryParameterException"
    world.api.get(f"{CAPTURE}?perPage=101", bearer=bearer).expect(400, "invalid_request")


def test_captures_and_imports_are_not_in_each_others_lists(world: World) -> None:
    path = job_path(send(world, document([object_event()])).expect(202))
    job = ended(world, path)
    bearer = world.owner.access
    listed = world.api.get("/imports?limit=200", bearer=bearer).expect(200).json()["data"]
    assert job["captureID"] not in {one["id"] for one in listed}
    for method, of in (("GET", ""), ("GET", "/errors"), ("GET", "/results"), ("POST", "/cancel"), ("POST", "/retry")):
        world.api.request(method, f"/imports/{job['captureID']}{of}", bearer=bearer).expect(404, "not_found")
    imported = world.api.post(
        "/imports", bearer=bearer, content=b"sku,name\nA,B\n", headers={"Content-Type": "text/csv"}
    )
    missing = world.api.get(f"{CAPTURE}/{imported.expect(202).data()['id']}", bearer=bearer).expect(404, "not_found")
    assert missing.object()["type"] == "epcisException:NoSuchResourceException"


def test_a_job_and_its_events_belong_to_one_account(world: World) -> None:
    event = object_event()
    path = job_path(send(world, document([event])).expect(202))
    ended(world, path)
    other = world.other_owner
    world.api.get(path, bearer=other.access).expect(404, "not_found")
    # Another account may have an event with the same id.
    assert counts(captured(world, document([event]), by=other)) == (1, 0, 0)


def test_a_capture_is_in_the_audit_trail(world: World) -> None:
    content = document([object_event(), object_event()])
    path = job_path(send(world, content).expect(202))
    job = ended(world, path)
    listed = world.api.get("/account/audit-events?limit=50", bearer=world.owner.access).expect(200).json()["data"]
    of_job = {one["action"]: one for one in listed if one["target"] == job["captureID"]}
    begun, finished = of_job["import.started"], of_job["import.finished"]
    assert begun["details"] == {"resource": "events", "sha256": hashlib.sha256(content).hexdigest()}
    assert (finished["details"]["status"], finished["details"]["created"]) == ("COMPLETED", 2)


def test_an_event_is_stored_with_the_json_that_was_sent(world: World) -> None:
    event = object_event(**{"example:note": "Ä\u2028"})
    captured(world, document([event], **{"@context": [CONTEXT, {"example": "https://example.com/"}]}))
    sql = f"select context from epcis_events where event_id = '{event['eventID']}'"
    assert json.loads(rows(world.server.database, sql)[0][0]) == [{"example": "https://example.com/"}]


def test_an_event_from_the_future_is_captured_unless_the_capture_is_strict(world: World) -> None:
    """Of a skew of more than 24 hours, a strict capture makes a fault."""
    ahead = {"eventTime": rfc3339(now_ms() + 25 * 3_600_000)}
    in_zone, event = object_event(eventTime=rfc3339(now_ms() + 23 * 3_600_000)), object_event(**ahead)
    strict = f"{CAPTURE}?strict=true"
    bearer = world.owner.access
    sent = world.api.post(strict, bearer=bearer, content=document([in_zone, event]), headers={**JSON, **PROCEED})
    job = ended(world, job_path(sent.expect(202)))
    assert counts(job) == (1, 0, 1)
    [error] = job["errors"]
    assert (error["pointer"], error["code"], error["index"]) == ("/eventTime", "ahead_of_clock", 1)
    body = {"@context": [CONTEXT], **event}
    refused = world.api.post("/epcis/events?strict=true", bearer=bearer, json=body).expect(400, "invalid_request")
    assert refused.object()["details"][0]["field"] == "/eventTime"
    assert counts(captured(world, document([event]))) == (1, 0, 0)
    path = f"/traceability/items/events?item={quote(event['epcList'][0], safe='')}"
    [shown] = world.api.get(path, bearer=bearer).expect(200).json()["data"]
    assert shown["aheadOfRecordTime"]
