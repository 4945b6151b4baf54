"""The Owners learn by mail of a subscription that has failed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conftest import ServerFactory, assert_no_leaks
from epcis.subscribed import SECRET, Subscribed
from harness.email_changes import Mailing, mailing_server
from harness.webhook_receiver import WebhookReceiver

SUBJECT = "has failed"


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebhookReceiver]:
    started = WebhookReceiver(tmp_path_factory.mktemp("receiver"))
    yield started
    started.stop()


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


def test_a_receiver_that_is_gone_is_told_of(mailing: Mailing, receiver: WebhookReceiver) -> None:
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
