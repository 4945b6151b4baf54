"""Mails about recalls: who is told of a notice, what the mail says, and how many a mailbox gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from conftest import ServerFactory, assert_no_leaks
from console.browser import Visitor, text_of
from harness.email_changes import Mailing, mailing_server
from harness.people import new_email
from harness.smtp_sink import SmtpSink
from harness.world import World
from network.partners import account, act
from network.recalling import NOTICES, RECALLS, forget_gln, recall, shipped
from network.sharing import connection_of

SUBJECT = "Recall by"
REASON = "The dye exceeds its limit."


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory) -> Iterator[Mailing]:
    with mailing_server(new_server, engine) as made:
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


def mails_to(sink: SmtpSink, address: str) -> int:
    return sum(mail.is_to(address, SUBJECT) for mail in sink.mails)


def test_owners_and_admins_of_a_notified_partner_get_a_mail_that_leads_to_the_notice(
    mailing: Mailing,
) -> None:
    world, sink = mailing
    administers = [mailing.session(role, world.other_owner).person.email for role in ("OWNER", "ADMIN")]
    others = [mailing.session(role, world.other_owner).person.email for role in ("MEMBER", "VIEWER")]
    before = len(sink.mails)
    made = recall(world, reason=f"{REASON} See https://evil.example.test/login\r\nBcc: x@example.test"[:480])
    for address in administers:
        mail = sink.wait_for(address, subject=SUBJECT)
        assert str(mail.parsed()["Subject"]) == f"Recall by {account(world, world.owner)['name']}"
        text = mail.text()
        assert REASON in text
        assert "evil.example.test" not in text, "a partner's words bring no links"
        notice = world.api.get(f"{NOTICES}?limit=1", bearer=world.other_owner.access).object()["data"][0]
        assert re.findall(r"http\S+/traceability\S+", text) == [
            f"{world.server.url}/traceability/notices/{notice['id']}"
        ]
        assert "of " + account(world, world.other_owner)["name"] in text
    sink.wait_for(world.other.owner.email, subject=SUBJECT)
    assert {one for mail in sink.mails[before:] for one in mail.recipients}.isdisjoint(others)
    assert not mails_to(sink, world.account.owner.email)
    assert made["progress"]["notified"] == 1


def test_a_mail_names_what_is_recalled_and_what_to_do(mailing: Mailing) -> None:
    world, sink = mailing
    address = world.other.owner.email
    before = mails_to(sink, address)
    long = " ".join(f"word{number}" for number in range(200))
    made = recall(world, reason="The dye exceeds its limit.", instructions=f"Stop the sale at www.evil.example. {long}")
    sink.wait_for_all(address, before + 1, SUBJECT)
    text = [mail for mail in sink.mails if mail.is_to(address, SUBJECT)][-1].text()
    (item,) = made["itemDetails"]
    assert "1 item:" in text
    assert f"- GTIN {item['gtin']}, lot {item['lot']}" in text
    assert "Reason: The dye exceeds its limit." in text
    assert "begins" not in text
    assert "What to do: Stop the sale at www. evil. example." in text
    assert "(shortened; the notice has all of it)" in text
    assert "word199" not in text
    assert "To acknowledge says" in text


def test_a_withdrawal_is_mailed_to_whoever_was_notified(mailing: Mailing) -> None:
    world, sink = mailing
    address = world.other.owner.email
    before, ends = mails_to(sink, address), sum(mail.is_to(address, "Withdrawn: recall by") for mail in sink.mails)
    made = recall(world)
    sink.wait_for_all(address, before + 1, SUBJECT)
    body, key = {"reason": "The laboratory was wrong."}, {"Idempotency-Key": new_email("end")[:40]}
    for _ in range(2):
        world.api.post(
            f"{RECALLS}/{made['id']}/withdraw", bearer=world.owner.access, json=body, headers=key
        ).expect(200)  # fmt: skip
    sink.wait_for_all(address, ends + 1, "Withdrawn: recall by")
    (text, *_) = [mail.text() for mail in reversed(sink.mails) if mail.is_to(address, "Withdrawn: recall by")]
    assert "The laboratory was wrong." in text
    assert "withdraw your own recall too" in text
    assert re.findall(r"http\S+/traceability/notices/\S+", text)
    # Whoever withdraws is not told again, and there is nothing to be reminded of.
    world.api.post(f"{RECALLS}/{made['id']}/remind", bearer=world.owner.access).expect(409, "invalid_state")


def test_a_reminder_goes_to_whoever_has_not_acknowledged_and_once_a_day(mailing: Mailing) -> None:
    world, sink = mailing
    address, subject = world.other.owner.email, "Reminder: recall by"
    made = recall(world)
    assert made["remindedAt"] is None
    path = f"{RECALLS}/{made['id']}/remind"
    world.api.post(path, bearer=world.other_owner.access).expect(404, "not_found")
    key = {"Idempotency-Key": new_email("remind")[:40]}
    reminded = world.api.post(path, bearer=world.owner.access, headers=key).expect(200).data()
    assert reminded["remindedAt"]
    again = world.api.post(path, bearer=world.owner.access, headers=key).expect(200)
    assert again.header("idempotent-replayed") == "true"
    sink.wait_for_all(address, 1, subject)
    world.api.post(path, bearer=world.owner.access).expect(409, "invalid_state")
    notice = world.api.get(f"{NOTICES}?limit=1", bearer=world.other_owner.access).object()["data"][0]
    world.api.post(f"{NOTICES}/{notice['id']}/acknowledge", bearer=world.other_owner.access).expect(200)
    world.api.post(path, bearer=world.owner.access).expect(409, "invalid_state")
    assert sum(mail.is_to(address, subject) for mail in sink.mails) == 1
    found = world.api.get("/account/audit-events?limit=20", bearer=world.owner.access).object()["data"]
    assert sum(one["action"] == "recall.reminded" for one in found) == 1


def test_the_console_reminds_once_a_day(mailing: Mailing) -> None:
    world, _ = mailing
    made = recall(world)
    path = f"/traceability/recalls/{made['id']}"
    with closing(Visitor(world.server.url, world.vault)) as visitor:
        visitor.sign_in(world.account.owner)
        page = visitor.get(path)
        assert "Their Owners and Admins are mailed once more" in text_of(page)
        fields = [pair for pair in visitor.fields(page, path, holding="reason") if pair[0] not in ("act", "reason")]
        sent = visitor.post(path, [("act", "remind"), *fields])
        assert "The reminder is sent." in text_of(visitor.get(sent.headers["location"]))
        others = [pair for pair in fields if pair[0] != "key"]
        again = visitor.post(path, [("act", "remind"), ("key", "f" * 32), *others])
        assert (again.status_code, "once in 20 hours" in text_of(again)) == (409, True)


def test_a_repeated_announcement_mails_once(mailing: Mailing) -> None:
    world, sink = mailing
    item, address = shipped(world), world.other.owner.email
    before = mails_to(sink, address)
    key = {"Idempotency-Key": new_email("recall")[:40]}
    body = {"items": [item.uri], "reason": REASON}
    for _ in range(2):
        world.api.post(RECALLS, bearer=world.owner.access, json=body, headers=key).expect(201)
    forget_gln(world, world.other_owner)
    recall(world)
    sink.wait_for_all(address, before + 2, SUBJECT)
    # The mails of an account are sent in turn: of the repetition there was none.
    assert mails_to(sink, address) == before + 2


def test_a_recipient_who_is_not_chosen_gets_no_mail(mailing: Mailing) -> None:
    world, sink = mailing
    address = world.other.owner.email
    before = mails_to(sink, address)
    assert recall(world, connectionIds=[])["progress"]["notified"] == 0
    recall(world)
    sink.wait_for_all(address, before + 1, SUBJECT)
    assert mails_to(sink, address) == before + 1


def test_a_partner_that_recalls_without_end_fills_no_mailbox(
    fresh_world: Callable[..., World], smtp_sink: SmtpSink, engine: str
) -> None:
    """Ten mails an hour of one partner; the next one is in the console all the same."""
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url, LINKXG_LIMIT_SCALE="1")
    item, address = shipped(world), world.other.owner.email
    body = {"items": [item.uri], "reason": REASON}
    for _ in range(12):
        world.api.post(RECALLS, bearer=world.owner.access, json=body).expect(201)
    smtp_sink.wait_for_all(address, 10, SUBJECT)
    act(world, world.owner, {"id": connection_of(world)}, "revoke").expect(200)
    smtp_sink.wait_for(address, subject="has ended the connection")
    assert mails_to(smtp_sink, address) == 10
    found = world.api.get(f"{NOTICES}?waiting=true&limit=100", bearer=world.other_owner.access).object()["data"]
    assert len(found) == 12
