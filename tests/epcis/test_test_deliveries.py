"""A test delivery shows what the receiver answers, and changes nothing of its subscription. Security rule 296."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conftest import ServerFactory, checked_for_leaks
from console.browser import Visitor, text_of
from epcis.subscribed import SECRET, Subscribed
from harness.answers import Answer
from harness.clients import get_token, make_client
from harness.people import sign_in
from harness.rows import rows
from harness.webhook_receiver import Received, WebhookReceiver
from harness.world import World, build_world
from network.partners import new_account


@pytest.fixture(scope="module")
def world(engine: str, new_server: ServerFactory, receiver: WebhookReceiver) -> Iterator[World]:
    """A server that may deliver to loopback."""
    yield from checked_for_leaks(build_world(new_server(engine, **receiver.settings)))


def send(stream: Subscribed, bearer: str | None = None) -> Answer:
    world = stream.world
    return world.api.post(f"{stream.address}/test", bearer=bearer or world.owner.access)


def test_a_test_is_a_signed_document_without_events(world: World, receiver: WebhookReceiver, made: Any) -> None:
    stream = made().start()
    before = stream.read()
    found = send(stream).expect(200).object()
    (received,) = receiver.of(stream.path)
    assert (found["delivered"], found["status"], "error" in found) == (True, 200, False)
    assert (received.delivery_id, received.headers["linkxg-test"]) == (found["deliveryID"], "true")
    assert received.is_signed_with(SECRET)
    assert received.event_ids() == []
    assert received.document()["epcisBody"]["queryResults"]["subscriptionID"] == stream.id
    assert stream.read() == before, "nothing of the subscription has changed"
    found_rows = rows(
        world.server.database,
        f"select details from audit_events where target = '{stream.id}' and action = 'subscription.tested'",
    )
    ((details,),) = found_rows
    assert stream.path not in str(details), "only the host is recorded"


@pytest.mark.parametrize(
    ("status", "error"), [(404, "It answered 404."), (410, "It answered 410."), (302, "redirect"), (None, "failed")]
)
def test_what_a_receiver_refuses_is_shown_and_counts_as_no_failure(
    world: World, receiver: WebhookReceiver, made: Any, status: int | None, error: str
) -> None:
    stream = made().start()
    receiver.answers[stream.path] = lambda _: status
    receiver.location = f"{receiver.url}/elsewhere"
    found = send(stream).expect(200).object()
    assert found["delivered"] is False
    assert error in found["error"]
    assert found.get("status") == (None if status in (302, None) else status)
    assert receiver.of("/elsewhere") == []
    shown = stream.read()
    assert (shown["state"], shown["failedAttempts"]) == ("ACTIVE", 0)


def test_rule_296_no_private_address_is_tested(new_server: ServerFactory, receiver: WebhookReceiver) -> None:
    """As with deliveries: a name is looked up, and its addresses are checked."""
    public = build_world(new_server("sqlite", SSL_CERT_FILE=str(receiver.certificate)))
    before = len(receiver.of("/private"))
    stream = Subscribed(public, receiver, dest=f"{receiver.url.replace('127.0.0.1', 'localhost')}/private").start()
    found = send(stream).expect(200).object()
    assert found["delivered"] is False
    # As the address was stored by a server that permitted it.
    stream.set(f"dest = '{receiver.url}/private'")
    assert "private or reserved" in send(stream).expect(200).object()["error"]
    assert len(receiver.of("/private")) == before
    public.close()
    public.server.close()


def test_rule_296_who_may_not_resume_may_not_test(world: World, receiver: WebhookReceiver, made: Any) -> None:
    stream = made().start()
    viewer = sign_in(world.api, world.person("VIEWER")).access
    only_write, only_read = (
        get_token(world.api, make_client(world.api, world.owner, scope))
        for scope in ("imports:write", "traceability:read")
    )
    for bearer in (viewer, only_write, only_read):
        send(stream, bearer).expect(403, "insufficient_scope")
    send(stream, new_account(world).access).expect(404, "not_found")
    world.api.post(f"{stream.all}/0199b6a4-7c10-7d3e-8f5a-3b1c2d4e5f60/test", bearer=world.owner.access).expect(
        404, "not_found"
    )
    assert receiver.of(stream.path) == []


def test_rule_296_tests_are_bounded(world: World, receiver: WebhookReceiver, made: Any) -> None:
    """One at a time of an account; neither deliveries nor other accounts wait for it."""
    slow, quick = made().start(), made().start()
    arrived, gate = threading.Event(), threading.Event()

    def stall(_: Received) -> int:
        arrived.set()
        gate.wait(20)
        return 200

    receiver.answers[slow.path] = stall
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(send, slow)
        assert arrived.wait(20)
        refused = send(quick).expect(429, "rate_limit_exceeded")
        assert refused.header("retry-after")
        ids = quick.capture(1)
        assert receiver.wait_for_events(quick.path, 1) == ids
        gate.set()
        assert waiting.result().expect(200).object()["delivered"] is True


def test_a_paused_subscription_can_be_tested_in_the_console(world: World, receiver: WebhookReceiver, made: Any) -> None:
    stream = made().start()
    stream.set("state = 'PAUSED', last_error = 'A reason.'")
    visitor = Visitor(world.server.url, world.vault)
    assert visitor.sign_in(world.person("OWNER")).status_code == 303
    path = f"/events/subscriptions/{stream.id}"
    page = visitor.fill(visitor.get(path), path, act="test")
    assert page.status_code == 200
    assert "the receiver answered 200 after" in text_of(page)
    receiver.answers[stream.path] = lambda _: 500
    assert "It answered 500." in text_of(visitor.fill(visitor.get(path), path, act="test"))
    assert stream.read()["state"] == "PAUSED"
    visitor.close()
