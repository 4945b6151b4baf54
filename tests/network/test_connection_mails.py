"""Mails about connections: an invitation, its acceptance, the end."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from harness.client import INVITATION
from harness.people import Person, new_email, sign_in
from harness.rows import execute
from harness.smtp_sink import SmtpSink
from harness.world import World
from network.partners import act, invite, join, slug_of


def test_the_invited_and_the_inviter_are_told_by_mail(
    fresh_world: Callable[..., World], smtp_sink: SmtpSink, engine: str
) -> None:
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    owner, address = world.owner, new_email("weaver")
    made = invite(world, owner, inviteeEmail=address).expect(201).data()
    assert made["link"] is None
    link = INVITATION.search(smtp_sink.wait_for(address).text())
    assert link is not None
    world.vault.remember("invitation token", link.group(1))
    answer, password = join(world, link.group(1), "Weaver Ltd")
    connection = answer.expect(201).data()
    assert "Weaver Ltd" in smtp_sink.wait_for(owner.person.email).parsed()["Subject"]
    act(world, owner, connection, "revoke").expect(200)
    weaver = sign_in(world.api, Person("", address, password, "OWNER"))
    invite(world, owner, inviteeSlug="nobody-here").expect(201)
    invite(world, owner, inviteeSlug=slug_of(world, weaver)).expect(201)
    invite(world, weaver, inviteeEmail="last@example.test").expect(201)
    smtp_sink.wait_for("last@example.test")
    subjects = [mail.parsed()["Subject"] for mail in smtp_sink.mails if address in mail.recipients]
    assert [subject.partition(" ")[2].split()[1] for subject in subjects] == ["invites", "has", "invites"]
    for mail in smtp_sink.mails:
        for address in re.findall(r"https?://\S+", mail.text()):
            page = httpx.get(address, headers={"Accept": "text/html"})
            # Signing in comes first, of an invitation that was used too.
            assert page.status_code == 303 or "/invitations/" in address, address


def test_no_name_or_address_is_decoded_into_the_header_of_a_mail(
    fresh_world: Callable[..., World], smtp_sink: SmtpSink, engine: str
) -> None:
    """Encoded words (RFC 2047) may contain line breaks, and spell an address that is stored in another form."""
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    word = "=?utf-8?q?Invoice=0d=0aReply-To:_evil=40example.test=0d=0a=0d=0aPay_here?="
    world.api.patch("/account", bearer=world.owner.access, json={"name": word}).expect(422, "validation_failed")
    refused = invite(world, world.owner, inviteeEmail="=?utf-8?q?victi=6d?=@example.test")
    assert refused.status in (400, 422), refused.body
    # A name that an older version stored.
    execute(world.server.database, f"update accounts set name = '{word}' where id = '{world.account.account_id}'")
    address = new_email()
    invite(world, world.owner, inviteeEmail=address).expect(201)
    mail = smtp_sink.wait_for(address).parsed()
    assert "Reply-To" not in mail
    assert mail["Subject"].startswith("= ?utf-8?q?Invoice=0d=0aReply-To")
    assert not smtp_sink.wait_for(address).text().startswith("Pay here")
