"""Whoever invites a person does not learn whether somebody of another account has the address. Security rule 194."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from conftest import ServerFactory, assert_no_leaks
from console.browser import Visitor, text_of
from harness.answers import Answer, JsonObject
from harness.client import INVITATION
from harness.email_changes import Mailing, mailing_server, mailing_world
from harness.people import Session, accept, login, new_email
from harness.server import Server
from harness.smtp_sink import SmtpSink
from harness.world import World, build_world
from network.partners import invite as invite_company

IN_USE = "This e-mail address signs in already"


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory) -> Iterator[Mailing]:
    with mailing_server(new_server, engine) as made:
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


def invite(world: World, by: Session, email: str, role: str = "VIEWER", **options: Any) -> Answer:
    body = {"email": email, "role": role}
    return world.api.post("/account/users", bearer=by.access, json=body, reveals=True, **options)


def link_token(world: World, text: str) -> str:
    found = INVITATION.search(text)
    assert found is not None, text
    return world.vault.remember("invitation token", found.group(1))


def events(world: World, by: Session) -> list[JsonObject]:
    found: list[JsonObject] = world.api.get("/account/audit-events?limit=1", bearer=by.access).expect(200).data()
    return found


def impersonal(value: JsonObject, email: str) -> JsonObject:
    """Without what differs between any two invitations."""
    masked = {name: "…" for name in ("id", "expiresAt", "link") if value.get(name) is not None}
    return {**value, **masked} | {"email": value["email"] == email}


def test_an_address_in_use_gets_the_answer_and_audit_event_of_a_fresh_one(world: World) -> None:
    by, answers, trails = world.other_owner, [], []
    for email in (world.person("VIEWER").email, world.person("VIEWER").email.upper(), new_email("fresh")):
        answer = invite(world, by, email).expect(201)
        answers.append((answer.header("content-type"), impersonal(answer.data(), email)))
        link_token(world, answer.data()["link"])
        event = events(world, by)[0]
        trails.append((event["action"], sorted(event), sorted(event["details"])))
    assert answers[0] == answers[1] == answers[2]
    assert trails[0] == trails[1] == trails[2]


def test_an_address_in_use_in_the_own_account_is_a_conflict(world: World) -> None:
    invite(world, world.owner, world.person("VIEWER").email).expect(409, "conflict")


def test_a_link_of_an_address_in_use_creates_nobody(world: World) -> None:
    """Without a mail server, whoever holds the link learns it by trying. It works once the address is free."""
    person, by = world.person("VIEWER"), world.other_owner
    token = link_token(world, invite(world, by, person.email).expect(201).data()["link"])
    for _ in range(2):
        refused = accept(world.api, token, world.vault.password()).expect(409, "conflict")
        assert IN_USE in refused.body.decode()
    people = world.api.get("/account/users", bearer=by.access).expect(200).body.decode()
    assert person.email not in people
    login(world.api, person.email, person.password).expect(200)
    world.api.delete(f"/account/users/{person.user_id}", bearer=world.owner.access).expect(204)
    password = world.vault.password()
    accept(world.api, token, password).expect(201)
    login(world.api, person.email, password).expect(200)
    accept(world.api, token, password).expect(404, "not_found")


def test_only_the_mail_says_that_an_address_is_in_use_and_it_has_no_link(mailing: Mailing) -> None:
    world = mailing.world
    person, fresh, by = mailing.session().person, new_email("fresh"), world.other_owner
    answers = []
    for email in (person.email.upper(), fresh):
        answer = invite(world, by, email).expect(201).data()
        assert (answer["mailed"], answer["link"]) == (True, None)
        answers.append(impersonal(answer, email))
    assert answers[0] == answers[1]
    link_token(world, mailing.sink.wait_for(fresh).text())
    # To the address as it is stored.
    text = mailing.sink.wait_for(person.email, number=2).text()
    assert INVITATION.search(text) is None
    assert "by which you sign in to another account" in text
    assert f"{world.other.owner.email} invites you to join {world.other.name}" in text
    assert world.account.name not in text


def test_invitations_to_used_and_fresh_addresses_are_listed_repeated_and_withdrawn_alike(mailing: Mailing) -> None:
    world, page = mailing.world, "/account/members"
    person, fresh = mailing.session().person, new_email("fresh")
    with closing(Visitor(world.server.url, world.vault)) as visitor:
        visitor.sign_in(world.other.owner)
        for email in (person.email, fresh):
            # The second replaces the first.
            for _ in range(2):
                answer = visitor.fill(visitor.get(page), page, email=email, role="MEMBER")
                assert answer.status_code == 200
                assert f"{email} is invited. The link was mailed; it works once, within 7 days." in text_of(answer)
                assert len(withdrawals(answer.text, email)) == 1
        for email in (person.email, fresh):
            listing = visitor.get(page)
            path = withdrawals(listing.text, email)[0]
            assert visitor.fill(listing, path).status_code == 303
            assert withdrawals(visitor.get(page).text, email) == []
    for number in (1, 2):
        link_token(world, mailing.sink.wait_for(fresh, number=number).text())
    mailing.sink.wait_for(person.email, number=3)


def withdrawals(page: str, email: str) -> list[str]:
    """Where the invitations of this address are withdrawn."""
    rows = [row for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if email in row]
    return [path for row in rows for path in re.findall(r'action="([^"]+/withdraw)"', row)]


def test_the_page_of_a_link_says_that_the_address_is_in_use(world: World) -> None:
    person = world.person("VIEWER")
    token = link_token(world, invite(world, world.other_owner, person.email).expect(201).data()["link"])
    with closing(Visitor(world.server.url, world.vault)) as visitor:
        path = f"/invitations/{token}"
        answer = visitor.fill(visitor.get(path), path, password=world.vault.password(), name="")
        assert answer.status_code == 422
        assert IN_USE in text_of(answer)


@pytest.fixture
def limited(engine: str, smtp_sink: SmtpSink, fresh_server: Callable[..., Server]) -> Iterator[Mailing]:
    """With the ordinary limits."""
    server = fresh_server(engine, LINKXG_SMTP_URL=smtp_sink.url, LINKXG_LIMIT_SCALE="1")
    with mailing_world(server, smtp_sink) as made:
        yield made


def test_an_account_gets_no_link_by_using_up_the_mails_of_a_mailbox(limited: Mailing) -> None:
    """With the link it could try the address: five invitations an hour are mailed, and there is no sixth."""
    world = limited.world
    for email in (world.other.owner.email, new_email("fresh")):
        for number in range(5):
            key = [("Idempotency-Key", f"{email} {number}")]
            answer = invite(world, world.owner, email, headers=key).expect(201).data()
            assert (answer["mailed"], answer["link"]) == (True, None)
        invite(world, world.owner, email).expect(429, "rate_limit_exceeded")
        local, _, domain = email.partition("@")
        invite(world, world.owner, f"{local}+other@{domain}").expect(429, "rate_limit_exceeded")
        # What was answered is answered again.
        again = invite(world, world.owner, email, headers=key).expect(201)
        assert again.header("idempotent-replayed") == "true"
        assert impersonal(again.data(), email) == impersonal(answer, email)
    for mail in limited.sink.mails:
        if (found := INVITATION.search(mail.text())) is not None:
            world.vault.remember("invitation token", found.group(1))


def test_invitations_of_a_company_use_up_no_mails_of_a_person(limited: Mailing) -> None:
    """Otherwise an account would get links after all."""
    world = limited.world
    local, _, domain = world.other.owner.email.partition("@")
    for number in range(12):
        invite_company(world, world.owner, inviteeEmail=f"{local}+{number}@{domain}").expect(201)
    limited.sink.wait_for(f"{local}+9@{domain}")
    answer = invite(world, world.owner, world.other.owner.email).expect(201).data()
    assert (answer["mailed"], answer["link"]) == (True, None)
    for mail in limited.sink.mails:
        if (found := INVITATION.search(mail.text())) is not None:
            world.vault.remember("invitation token", found.group(1))


def test_without_mail_an_account_gets_fifty_links_an_hour(engine: str, fresh_server: Callable[..., Server]) -> None:
    """Who holds links can try addresses by accepting them."""
    world = build_world(fresh_server(engine, LINKXG_LIMIT_SCALE="1"))
    try:
        for _ in range(50):
            link_token(world, invite(world, world.owner, new_email("linked")).expect(201).data()["link"])
        invite(world, world.owner, new_email("linked")).expect(429, "rate_limit_exceeded")
        link_token(world, invite(world, world.other_owner, new_email("linked")).expect(201).data()["link"])
    finally:
        world.close()
