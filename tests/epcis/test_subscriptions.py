"""Subscriptions deliver the events of a named query, signed, in order and once. Security rules 211 to 217."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import ServerFactory, checked_for_leaks
from epcis.captured import CONTEXT as EXTENDED
from epcis.captured import capture, event, events_of, unique
from epcis.documents import CONTEXT, captured, document, object_event
from epcis.subscribed import SECRET, Subscribed
from harness.people import sign_in
from harness.rows import count_rows, trail
from harness.webhook_receiver import WebhookReceiver
from harness.world import World, build_world
from linkxg.clock import now_ms
from network.partners import account, new_account

RECEIVER, HIDDEN = "https://receiver.example.test:8443/hook/s3?token=x", "https://receiver.example.test:8443/…"


@pytest.fixture(scope="module")
def world(engine: str, new_server: ServerFactory, receiver: WebhookReceiver) -> Iterator[World]:
    """A server that may deliver to loopback."""
    yield from checked_for_leaks(build_world(new_server(engine, **receiver.settings)))


def test_a_stream_delivers_what_is_captured_signed_and_in_order(
    world: World, receiver: WebhookReceiver, made: Any
) -> None:
    before = unique("before")
    capture(world, event(epcList=[before]))
    stream = made().start()
    assert stream.read()["state"] == "ACTIVE"
    ids = stream.capture(3)
    world.api.post("/epcis/events", bearer=world.owner.access, json={"@context": CONTEXT, **event()}).expect(201)
    assert receiver.wait_for_events(stream.path, 3) == ids
    first = receiver.of(stream.path)[0]
    assert first.is_signed_with(SECRET)
    assert first.headers["content-type"] == "application/json"
    assert first.headers["gs1-epcis-version"] == "2.0.0"
    shown = first.document()
    assert (shown["type"], shown["id"]) == ("EPCISQueryDocument", f"urn:uuid:{first.delivery_id}")
    results = shown["epcisBody"]["queryResults"]
    assert (results["queryName"], results["subscriptionID"]) == (stream.name, stream.id)
    stream.settle()
    assert stream.read()["lastNotifiedAt"]


def test_a_captured_document_is_delivered_in_batches(world: World, receiver: WebhookReceiver, made: Any) -> None:
    stream = made().start()
    events = [object_event(epcList=[stream.epc] if n % 2 else None) for n in range(500)]
    for one in events:
        one.setdefault("epcList", [unique("other")])
    captured(world, document(events))
    wanted = [one["eventID"] for one in events if one["epcList"] == [stream.epc]]
    assert receiver.wait_for_events(stream.path, 250) == wanted
    deliveries = receiver.of(stream.path)
    assert max(len(one.event_ids()) for one in deliveries) <= 100
    assert len({one.delivery_id for one in deliveries}) == len(deliveries)


def test_events_behind_many_others_are_found(world: World, receiver: WebhookReceiver, made: Any) -> None:
    """Security rule 217: one read looks at 5,000 events at most."""
    stream = made(initialRecordTime="2026-01-01T00:00:00Z")
    wanted = [object_event(epcList=[stream.epc]) for _ in range(2)]
    captured(world, document([wanted[0], *(object_event() for _ in range(11_000)), wanted[1]]))
    stream.start()
    assert receiver.wait_for_events(stream.path, 2) == [one["eventID"] for one in wanted]


def test_a_delivery_of_large_events_has_few_of_them(world: World, receiver: WebhookReceiver, made: Any) -> None:
    """Security rule 217."""
    stream = made().start()
    events = [event(epcList=[stream.epc], **{"ex:text": "x" * 400_000}) for _ in range(5)]
    captured(world, document(events, **{"@context": EXTENDED}))
    assert receiver.wait_for_events(stream.path, 5) == [one["eventID"] for one in events]
    assert [len(one.event_ids()) for one in receiver.of(stream.path)] == [2, 2, 1]


def test_a_failed_delivery_is_repeated_unchanged_under_its_id(receiver: WebhookReceiver, made: Any) -> None:
    stream = made().start()
    answers = iter([500, None, 503])
    receiver.answers[stream.path] = lambda _: next(answers, 200)
    ids = stream.capture(1)
    for attempts in (1, 2, 3):
        failed = stream.wait_for(failedAttempts=attempts)
        assert failed["lastError"] in ("It answered 500.", "The connection to it failed.", "It answered 503.")
        assert failed["nextAttemptAt"]
        ids += stream.capture(1)
        stream.hurry()
    assert receiver.wait_for_events(stream.path, 4) == ids
    received = receiver.of(stream.path)
    assert len({one.body for one in received[:4]}) == len({one.delivery_id for one in received[:4]}) == 1
    assert received[0].event_ids() == ids[:1]
    stream.settle()
    assert "lastError" not in stream.read()


def test_after_the_last_attempt_a_subscription_has_failed_and_can_be_resumed(
    world: World, receiver: WebhookReceiver, made: Any
) -> None:
    stream = made().start()
    receiver.answers[stream.path] = lambda _: 500
    ids = stream.capture(2)
    stream.wait_for(failedAttempts=1)
    stream.set("attempts = 15, due_at = 0")
    failed = stream.wait_for(state="FAILED")
    assert (failed["failedAttempts"], failed["lastError"]) == (16, "It answered 500.")
    ids += stream.capture(1)
    del receiver.answers[stream.path]
    resumed = world.api.post(f"{stream.address}/resume", bearer=world.owner.access).expect(200).object()
    assert resumed["state"] == "ACTIVE"
    assert sorted(receiver.wait_for_events(stream.path, 3)) == sorted(ids)
    actions = [row.action for row in trail(world.server.database, world.account.account_id) if row.target == stream.id]
    assert actions == ["subscription.created", "subscription.failed", "subscription.resumed"]


def test_a_receiver_that_is_gone_is_not_asked_again(receiver: WebhookReceiver, made: Any) -> None:
    stream = made().start()
    receiver.answers[stream.path] = lambda _: 410
    stream.capture(1)
    assert stream.wait_for(state="FAILED")["failedAttempts"] == 1


def test_a_receiver_gets_smaller_parts_if_it_asks_for_them(world: World, receiver: WebhookReceiver, made: Any) -> None:
    stream = made().start()
    receiver.answers[stream.path] = lambda received: 413 if len(received.event_ids()) > 10 else 200
    events = [object_event(epcList=[stream.epc]) for _ in range(60)]
    captured(world, document(events))
    assert receiver.wait_for_events(stream.path, 60) == [one["eventID"] for one in events]


def test_parts_grow_again_when_the_receiver_takes_them(world: World, receiver: WebhookReceiver, made: Any) -> None:
    """After one 413 they stayed small until somebody resumed the subscription."""
    stream = made().start()
    receiver.answers[stream.path] = lambda received: 413 if len(received.event_ids()) > 10 else 200
    first = [object_event(epcList=[stream.epc]) for _ in range(60)]
    captured(world, document(first))
    receiver.wait_for_events(stream.path, 60)
    stream.settle()
    receiver.answers[stream.path] = lambda _: 200
    captured(world, document([object_event(epcList=[stream.epc]) for _ in range(200)]))
    assert len(receiver.wait_for_events(stream.path, 260)) == 260
    assert max(len(one.event_ids()) for one in receiver.of(stream.path)[-4:]) > 20


def test_a_read_without_a_match_ends_a_row_of_failures(world: World, made: Any) -> None:
    """Failures weeks apart added up to the last attempt, although every read after them succeeded."""
    stream = made().start()
    world.api.post("/epcis/events", bearer=world.owner.access, json={"@context": [CONTEXT], **event()}).expect(201)
    stream.settle()
    stream.set("attempts = 3, last_error = 'The query took too long.', due_at = 0, lease_until = 0")
    world.api.post("/epcis/events", bearer=world.owner.access, json={"@context": [CONTEXT], **event()}).expect(201)
    found = stream.wait_for(failedAttempts=0)
    assert not {"lastError", "nextAttemptAt"} & found.keys()


def test_a_redirect_is_not_followed(receiver: WebhookReceiver, made: Any) -> None:
    """Security rule 212."""
    stream = made().start()
    receiver.location = f"{receiver.url}/elsewhere"
    receiver.answers[stream.path] = lambda _: 307
    stream.capture(1)
    assert "redirect" in stream.wait_for(failedAttempts=1)["lastError"]
    assert receiver.of("/elsewhere") == []


def test_earlier_events_are_delivered_from_the_initial_record_time_on(
    world: World, receiver: WebhookReceiver, made: Any
) -> None:
    stream = made(initialRecordTime="2026-05-01T00:00:00Z")
    at = 1_777_593_600_000
    capture(world, event(epcList=[stream.epc]), at=at - 1)
    ids = capture(world, event(epcList=[stream.epc]), at=at) + capture(world, event(epcList=[stream.epc]))
    stream.start()
    assert receiver.wait_for_events(stream.path, 2) == ids
    assert stream.read()["initialRecordTime"] == "2026-05-01T00:00:00.000Z"


def test_a_clock_that_was_ahead_hides_no_later_event(world: World, receiver: WebhookReceiver) -> None:
    """Record times rise with the order of capture, whichever node's clock they are of."""
    other = new_account(world)
    stream = Subscribed(world, receiver, other.access).start()
    ids = capture(
        world, event(epcList=[stream.epc]), account_id=str(account(world, other)["id"]), at=now_ms() + 3_600_000
    )
    ids += stream.capture(2, bearer=other.access)
    assert receiver.wait_for_events(stream.path, 3) == ids
    found = events_of(world.api.get(f"/epcis/events?MATCH_epc={stream.epc}&orderBy=recordTime", bearer=other.access))
    assert len({one["recordTime"] for one in found}) == 1
    stream.end()


def test_a_schedule_delivers_when_it_is_due_and_reports_empty_results_if_asked(
    receiver: WebhookReceiver, made: Any
) -> None:
    yearly = {"month": "1", "dayOfMonth": "1", "hour": "3"}
    scheduled = made(stream=None, schedule=yearly, reportIfEmpty=True).start()
    quiet = made(stream=None, schedule=yearly).start()
    ids = scheduled.capture(2)
    assert receiver.of(scheduled.path) == []
    scheduled.hurry()
    assert receiver.wait_for_events(scheduled.path, 2) == ids
    scheduled.settle()
    scheduled.hurry()
    quiet.hurry()
    empty = receiver.wait(scheduled.path, 2)[1]
    assert empty.event_ids() == []
    assert empty.is_signed_with(SECRET)
    quiet.settle()
    late = quiet.capture(1)
    quiet.hurry()
    assert receiver.wait_for_events(quiet.path, 1) == late
    assert len(receiver.of(quiet.path)) == 1
    assert scheduled.read()["schedule"] == yearly


def test_both_names_of_the_secret_are_taken_and_neither_is_shown(world: World, made: Any) -> None:
    """Security rule 214."""
    for members in ({"signatureToken": None, "secret": SECRET}, {"secret": SECRET}, {}):
        stream = made(**members)
        answer = stream.post(headers={"Idempotency-Key": unique("key")}).expect(201)
        stream.id = answer.object()["subscriptionID"]
        assert SECRET not in str(answer.json()) + str(stream.read())
    stored = count_rows(world.server.database, "idempotency_keys where answer like '%not-a-guess%'")
    assert stored == 0


def test_a_repeated_request_makes_one_subscription(world: World, made: Any) -> None:
    stream = made()
    key = {"Idempotency-Key": unique("key")}
    first, second = stream.post(headers=key).expect(201), stream.post(headers=key).expect(201)
    assert first.object()["subscriptionID"] == second.object()["subscriptionID"]
    assert second.header("idempotent-replayed") == "true"
    listed = world.api.get(stream.all, bearer=world.owner.access).expect(200).json()
    assert [one["subscriptionID"] for one in listed] == [first.object()["subscriptionID"]]
    assert first.header("location") == f"{world.server.url}/api/v1{stream.all}/{first.object()['subscriptionID']}"


def test_subscriptions_are_those_of_their_account(world: World, receiver: WebhookReceiver, made: Any) -> None:
    """Security rule 216."""
    stream = made().start()
    theirs = Subscribed(world, receiver, world.other_owner.access, query=stream.query).start()
    bearer = world.other_owner.access
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/resume"), ("OPTIONS", "")):
        assert world.api.request(method, stream.address + path, bearer=bearer).status == 404
    assert world.api.get(stream.all, bearer=bearer).status == 404
    ids = stream.capture(1)
    assert receiver.wait_for_events(stream.path, 1) == ids
    stream.settle()
    assert receiver.of(theirs.path) == []
    theirs.end()


def test_a_deleted_subscription_delivers_nothing_more(world: World, receiver: WebhookReceiver, made: Any) -> None:
    """Security rule 215."""
    stream, other = made().start(), made().start()
    receiver.answers[stream.path] = lambda _: 500
    stream.capture(1)
    stream.wait_for(failedAttempts=1)
    world.api.delete(stream.address, bearer=world.owner.access).expect(204)
    assert world.api.delete(stream.address, bearer=world.owner.access).status == 404
    stream.capture(1)
    other.capture(1)
    receiver.wait_for_events(other.path, 1)
    assert len(receiver.of(stream.path)) == 1


def test_who_only_reads_neither_makes_nor_ends_subscriptions(
    world: World, receiver: WebhookReceiver, made: Any
) -> None:
    """Security rule 218."""
    stream = made().start()
    reads, writes = world.token("traceability:read"), world.token("imports:write")
    query = f"/epcis/queries/{stream.name}"
    for bearer in (reads, writes):
        assert world.api.post(stream.all, bearer=bearer, json=stream.body).status == 403
        assert world.api.post(f"{stream.address}/resume", bearer=bearer).status == 403
    for path in (stream.address, query):
        assert world.api.delete(path, bearer=reads).status == 403
    body = {"name": unique("q").rsplit("/", 1)[-1].replace(":", "-"), "query": {}}
    assert world.api.post("/epcis/queries", bearer=reads, json=body).status == 403
    assert stream.read(reads)["state"] == "ACTIVE"


def test_who_only_reads_sees_the_host_of_a_receiver_but_not_its_address(world: World, made: Any) -> None:
    """Security rule 214: path and query of an address may hold a secret of the receiver."""
    stream = made(dest=RECEIVER).start()
    viewer = sign_in(world.api, world.person("VIEWER")).access
    for bearer, shown in ((viewer, HIDDEN), (world.token("traceability:read"), HIDDEN), (world.owner.access, RECEIVER)):
        assert stream.read(bearer)["dest"] == shown
        (listed,) = world.api.get(stream.all, bearer=bearer).expect(200).json()
        assert listed["dest"] == shown


def test_subscriptions_end_with_their_query(world: World, receiver: WebhookReceiver) -> None:
    stream = Subscribed(world, receiver).start()
    stream.end()
    assert world.api.get(stream.address, bearer=world.owner.access).status == 404
    assert count_rows(world.server.database, f"epcis_subscriptions where id = '{stream.id}'") == 0
    of_it = f"audit_events where action = 'subscription.deleted' and target = '{stream.id}'"
    assert count_rows(world.server.database, of_it) == 1
