"""The Owners learn by mail of a subscription that is created, has failed or is paused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conftest import ServerFactory, assert_no_leaks
from epcis.subscribed import SECRET, Subscribed
from harness.email_changes import Mailing, mailing_server
from harness.people import sign_in
from harness.webhook_receiver import WebhookReceiver

SUBJECT = "has failed"
CREATED = "Events are posted to a receiver"


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory, receiver: WebhookReceiver) -> Iterator[Mailing]:
    with mailing_server(new_server, engine, **receiver.settings) as made:
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


def test_the_owners_get_one_mail_that_leads_to_the_failed_subscription(
    mailing: Mailing, receiver: WebhookReceiver
) -> None:
    world, sink = mailing
    owner, admin = mailing.session("OWNER").person.email, mailing.session("ADMIN").person.email
    stream = Subscribed(world, receiver)
    receiver.answers[stream.path] = lambda _: 500
    stream.start().capture()
    stream.wait_for(failedAttempts=1)
    assert not [mail for mail in sink.mails if mail.is_to(owner, SUBJECT)], "it is tried again"
    stream.set("attempts = 15, due_at = 0")
    stream.wait_for(state="FAILED")
    text = sink.wait_for(owner, subject=SUBJECT).text()
    assert "It answered 500." in text
    assert "after 16 attempts" in text
    assert re.findall(r"http\S+/events\S+", text) == [f"{world.server.url}/events/subscriptions/{stream.id}"]
    assert stream.path not in text, "the address of a receiver may hold its secret"
    assert SECRET not in text
    sink.wait_for(world.account.owner.email, subject=SUBJECT)
    assert not [mail for mail in sink.mails if mail.is_to(admin, SUBJECT)]
    stream.end()


def test_a_410_mails_the_owners(mailing: Mailing, receiver: WebhookReceiver) -> None:
    world, sink = mailing
    before = len([mail for mail in sink.mails if mail.is_to(world.account.owner.email, SUBJECT)])
    stream = Subscribed(world, receiver)
    receiver.answers[stream.path] = lambda _: 410
    stream.start().capture()
    stream.wait_for(state="FAILED")
    mail = sink.wait_for(world.account.owner.email, subject=SUBJECT, number=before + 1)
    assert "It answered 410." in mail.text()
    assert "after 1 attempt:" in mail.text()
    stream.end()


def test_the_owners_learn_of_a_new_subscription_but_not_its_address(
    mailing: Mailing, receiver: WebhookReceiver
) -> None:
    """Security rule 218: a stolen session suffices for one."""
    world, sink = mailing
    owner, member = mailing.session("OWNER"), mailing.session("MEMBER")
    stream = Subscribed(world, receiver, member.access)
    for _ in range(2):
        made = stream.post(headers={"Idempotency-Key": stream.name}).expect(201)
    stream.id = made.object()["subscriptionID"]
    text = sink.wait_for(owner.person.email, subject=CREATED).text()
    assert stream.name in text
    assert receiver.url.partition("//")[2] in text
    assert member.person.email in text
    assert f"{world.server.url}/events/subscriptions/{stream.id}" in text
    assert stream.path not in text, "the address of a receiver may hold its secret"
    assert SECRET not in text
    assert not [mail for mail in sink.mails if mail.is_to(member.person.email, CREATED)]
    other = Subscribed(world, receiver, member.access).start()
    sink.wait_for(owner.person.email, subject=CREATED, number=2)
    mails = [mail.text() for mail in sink.mails if mail.is_to(owner.person.email, CREATED)]
    assert [stream.name in mail for mail in mails] == [True, False], "a repeated request is mailed once"
    for one in (stream, other):
        one.end()


def test_the_owners_learn_that_a_subscription_is_paused(mailing: Mailing, receiver: WebhookReceiver) -> None:
    world, sink = mailing
    person = mailing.session("MEMBER").person
    stream = Subscribed(world, receiver, sign_in(world.api, person).access).start()
    stream.bearer = world.owner.access
    world.api.delete(f"/account/users/{person.user_id}", bearer=world.owner.access).expect(204)
    stream.capture(1)
    stream.wait_for(state="PAUSED")
    text = sink.wait_for(world.account.owner.email, subject="is paused").text()
    assert "may no longer read events" in text
    assert f"{world.server.url}/events/subscriptions/{stream.id}" in text
    assert stream.path not in text
    stream.end()
