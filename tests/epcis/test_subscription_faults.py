"""Deaths of nodes, slow receivers, lost rights and private addresses do no harm. Security rules 212 to 217."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import GENERAL, DatabaseFactory, ServerFactory, checked_for_leaks
from epcis.documents import captured, document, object_event
from epcis.subscribed import Subscribed
from harness.clients import get_token, rotate
from harness.dns_server import DnsServer
from harness.nodes import Nodes
from harness.people import sign_in
from harness.rows import count_rows, trail, wait_for_count
from harness.vault import Vault
from harness.webhook_receiver import Received, WebhookReceiver
from harness.world import World, build_world
from network.partners import new_account
from password_reset.links import complete, link_for


@pytest.fixture(scope="module")
def world(engine: str, new_server: ServerFactory, receiver: WebhookReceiver) -> Iterator[World]:
    """A server of two workers, which these tests kill and start again."""
    yield from checked_for_leaks(build_world(new_server(engine, workers=2, **receiver.settings)))


def on_first(act: Callable[[], int | None]) -> Callable[[Received], int | None]:
    """Answers the first request with what `act` gives, and later ones with 200."""
    answers = iter([act])
    return lambda _: next(answers, lambda: 200)()


def test_a_delivery_survives_the_death_of_its_node_under_the_same_id(world: World, receiver: WebhookReceiver) -> None:
    """The receiver has taken it in, but nobody is there to hear so."""
    stream = Subscribed(world, receiver).start()

    def die() -> int:
        world.server.kill()
        return 200

    receiver.answers[stream.path] = on_first(die)
    ids = [stream.capture(1)[0]]
    receiver.wait(stream.path, 1)
    (before,) = receiver.of(stream.path)
    stream.set("lease_until = 0")
    world.server.start()
    again = receiver.wait(stream.path, 2)[1]
    assert (again.delivery_id, again.body) == (before.delivery_id, before.body)
    ids += stream.capture(2)
    assert receiver.wait_for_events(stream.path, 3) == ids
    stream.settle()
    stream.end()


def test_what_was_captured_before_a_death_is_delivered_after_it(world: World, receiver: WebhookReceiver) -> None:
    stream = Subscribed(world, receiver).start()
    receiver.answers[stream.path] = on_first(lambda: 500)
    ids = stream.capture(1)
    stream.wait_for(failedAttempts=1)
    ids += stream.capture(2)
    world.server.kill()
    stream.hurry()
    world.server.start()
    assert receiver.wait_for_events(stream.path, 3) == ids
    last = f"(select id from epcis_events where event_id = '{ids[-1]}')"
    wait_for_count(
        world.server.database,
        f"select count(*) from epcis_subscriptions where id = '{stream.id}' and position = {last} and attempts = 0",
        1,
    )
    stream.end()


def test_a_receiver_that_does_not_answer_is_given_up_and_delays_nobody(world: World, receiver: WebhookReceiver) -> None:
    """Security rule 213."""
    gate = threading.Event()
    other = new_account(world)

    def stall(_: Received) -> int:
        gate.wait(40)
        return 200

    slow = [Subscribed(world, receiver).start() for _ in range(6)]
    for one in slow:
        receiver.answers[one.path] = stall
        one.capture(1)
    quick = Subscribed(world, receiver, other.access, query={}).start()
    body = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], **object_event()}
    world.api.post("/epcis/events", bearer=other.access, json=body).expect(201)
    try:
        receiver.wait(quick.path, 1)
        assert all(not receiver.of(one.path) for one in slow)
        assert slow[0].wait_for(failedAttempts=1)["lastError"] == "It did not answer within 10 seconds."
    finally:
        gate.set()
    for one in (*slow, quick):
        one.end()


def test_a_subscription_is_paused_with_the_rights_of_its_client(world: World, receiver: WebhookReceiver) -> None:
    """Security rule 215."""
    client = world.new_client()
    stream = Subscribed(world, receiver, get_token(world.api, client))
    stream.start()
    ids = stream.capture(1)
    assert receiver.wait_for_events(stream.path, 1) == ids
    path = f"/oauth/clients/{client.client_id}"
    world.api.request("PATCH", path, bearer=world.owner.access, json={"disabled": True}).expect(200)
    ids += stream.capture(1)
    assert "may no longer read" in stream.wait_for(state="PAUSED")["lastError"]
    assert len(receiver.of(stream.path)) == 1
    # Enabled again it stays paused until somebody resumes it.
    world.api.request("PATCH", path, bearer=world.owner.access, json={"disabled": False}).expect(200)
    ids += stream.capture(1)
    assert stream.read()["state"] == "PAUSED"
    world.api.post(f"{stream.address}/resume", bearer=world.owner.access).expect(200)
    assert receiver.wait_for_events(stream.path, 3) == ids
    actions = [row.action for row in trail(world.server.database, world.account.account_id) if row.target == stream.id]
    assert actions == ["subscription.created", "subscription.paused", "subscription.resumed"]
    stream.bearer = world.owner.access
    stream.end()


def test_a_subscription_is_paused_when_its_person_is_removed(world: World, receiver: WebhookReceiver) -> None:
    """Security rule 215."""
    person = world.person("MEMBER")
    stream = Subscribed(world, receiver, sign_in(world.api, person).access).start()
    stream.bearer = world.owner.access
    world.api.delete(f"/account/users/{person.user_id}", bearer=world.owner.access).expect(204)
    stream.capture(1)
    stream.wait_for(state="PAUSED")
    assert receiver.of(stream.path) == []
    stream.end()


def test_a_subscription_is_paused_when_the_password_of_its_person_is_reset(
    world: World, receiver: WebhookReceiver
) -> None:
    """Security rule 215: who held a stolen session keeps no stream of events."""
    person = world.person("MEMBER")
    stream = Subscribed(world, receiver, sign_in(world.api, person).access).start()
    stream.bearer = world.owner.access
    ids = stream.capture(1)
    assert receiver.wait_for_events(stream.path, 1) == ids
    complete(world.api, link_for(world, person), world.vault.password()).expect(200)
    ids += stream.capture(1)
    assert "sessions and tokens" in stream.wait_for(state="PAUSED")["lastError"]
    assert len(receiver.of(stream.path)) == 1
    world.api.post(f"{stream.address}/resume", bearer=world.owner.access).expect(200)
    assert receiver.wait_for_events(stream.path, 2) == ids
    stream.end()


def test_a_subscription_is_paused_when_the_tokens_of_its_client_are_revoked(
    world: World, receiver: WebhookReceiver
) -> None:
    """Security rule 215."""
    client = world.new_client()
    stream = Subscribed(world, receiver, get_token(world.api, client)).start()
    stream.bearer = world.owner.access
    kept = Subscribed(world, receiver, get_token(world.api, client)).start()
    kept.bearer = world.owner.access
    rotate(world.api, client, world.owner.access, grace_period_seconds=3_600).expect(200)
    ids = kept.capture(1)
    assert receiver.wait_for_events(kept.path, 1) == ids, "a planned rotation ends no token"
    rotate(world.api, client, world.owner.access, grace_period_seconds=0, revoke_tokens=True).expect(200)
    stream.capture(1)
    assert "sessions and tokens" in stream.wait_for(state="PAUSED")["lastError"]
    assert receiver.of(stream.path) == []
    for one in (stream, kept):
        one.end()


def test_a_subscription_can_be_deleted_while_it_delivers(world: World, receiver: WebhookReceiver) -> None:
    """Security rule 215."""
    stream, other = Subscribed(world, receiver).start(), Subscribed(world, receiver).start()
    gate, arrived = threading.Event(), threading.Event()

    def wait() -> int:
        arrived.set()
        gate.wait(20)
        return 200

    receiver.answers[stream.path] = on_first(wait)
    stream.capture(1)
    assert arrived.wait(20)
    world.api.delete(stream.address, bearer=world.owner.access).expect(204)
    stream.capture(1)
    gate.set()
    receiver.wait(stream.path, 1)
    other.capture(1)
    receiver.wait(other.path, 1)
    assert len(receiver.of(stream.path)) == 1
    assert count_rows(world.server.database, f"epcis_subscriptions where id = '{stream.id}'") == 0
    for one in (stream, other):
        one.end()


def test_no_private_address_is_delivered_to(new_server: ServerFactory, receiver: WebhookReceiver) -> None:
    """Security rule 212."""
    resolver = DnsServer().start()
    resolver.set("receiver.example.test", "A", ["127.0.0.1"])
    settings = {"SSL_CERT_FILE": str(receiver.certificate), "LINKXG_DNS_SERVER": resolver.address}
    with_none = build_world(new_server("sqlite", **settings))
    named = receiver.url.replace("127.0.0.1", "receiver.example.test")
    stream = Subscribed(with_none, receiver, dest=f"{named}/private").start()
    stream.capture(1)
    error = stream.wait_for(failedAttempts=1)["lastError"]
    assert error == "It is at a private or reserved address, to which this service does not connect."
    assert receiver.of("/private") == []
    with_none.close()
    with_none.server.close()
    resolver.stop()


def test_of_two_nodes_one_delivers(tmp_path: Path, new_database: DatabaseFactory, receiver: WebhookReceiver) -> None:
    nodes = Nodes(tmp_path, new_database("postgres"), Vault(), GENERAL | receiver.settings)
    world = build_world(nodes.add())
    second = nodes.add().start()
    streams = [Subscribed(world, receiver).start() for _ in range(3)]
    sent: dict[str, list[str]] = {one.epc: [] for one in streams}
    with second.client() as other:
        for number in range(60):
            stream = streams[number % 3]
            made = object_event(epcList=[stream.epc])
            sent[stream.epc].append(made["eventID"])
            body = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], **made}
            api = other if number % 2 else world.api
            api.post("/epcis/events", bearer=world.owner.access, json=body).expect(201)
    captured(world, document(object_event(epcList=[one.epc]) for one in streams))
    for stream in streams:
        assert receiver.wait_for_events(stream.path, 21)[:20] == sent[stream.epc]
        deliveries = [one.delivery_id for one in receiver.of(stream.path)]
        assert len(deliveries) == len(set(deliveries))
        delivered = [event_id for one in receiver.of(stream.path) for event_id in one.event_ids()]
        assert len(delivered) == len(set(delivered)) == 21
    world.close()
    nodes.close()
