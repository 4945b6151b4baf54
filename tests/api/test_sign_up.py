"""Accounts that people create for themselves: `LINKXG_SIGN_UP`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest

from conftest import ServerFactory, checked_for_leaks
from harness.concurrency import concurrently
from harness.people import Person, login, new_email, sign_in
from harness.rows import execute, rows
from harness.sign_ups import complete, link_of, request_link, token_for
from harness.smtp_sink import SmtpSink
from harness.world import World, build_world
from network.partners import act, invite, join, read, token_of


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    started = SmtpSink().start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def open_world(new_server: ServerFactory, engine: str, sink: SmtpSink) -> Iterator[World]:
    """Where anybody signs up."""
    yield from checked_for_leaks(build_world(new_server(engine, LINKXG_SIGN_UP="open", LINKXG_SMTP_URL=sink.url)))


@pytest.fixture(scope="module")
def closed(new_server: ServerFactory, engine: str) -> Iterator[World]:
    """The default."""
    yield from checked_for_leaks(build_world(new_server(engine, LINKXG_SIGN_UP="")))


def test_the_mailed_link_creates_an_account_with_its_owner(open_world: World, sink: SmtpSink) -> None:
    world, email = open_world, new_email("olivia")
    answer = request_link(world, email).expect(200).data()
    assert answer == {"email": email, "expiresIn": 86_400}
    done, password = complete(world, token_for(world, sink, email), "Öko Möbel GmbH")
    created = done.expect(201).data()
    assert (created["account"]["name"], created["account"]["slug"]) == ("Öko Möbel GmbH", "oko-mobel-gmbh")
    assert (created["owner"]["email"], created["owner"]["role"]) == (email, "OWNER")
    session = sign_in(world.api, Person(created["owner"]["id"], email, password, "OWNER"))
    assert world.api.get("/account", bearer=session.access).expect(200).data() == created["account"]
    events = world.api.get("/account/audit-events", bearer=session.access).expect(200).json()["data"]
    assert "account.created" in [event["action"] for event in events]
    assert world.api.get("/products", bearer=session.access).expect(200).json()["data"] == []


def test_two_accounts_of_one_name_have_different_slugs(open_world: World, sink: SmtpSink) -> None:
    slugs = set()
    for _ in range(2):
        done, _ = complete(open_world, link_of(open_world, sink, new_email()), "Twin Ltd")
        slugs.add(done.expect(201).data()["account"]["slug"])
    assert len(slugs) == 2


def test_a_link_works_once(open_world: World, sink: SmtpSink) -> None:
    token = link_of(open_world, sink, new_email())
    complete(open_world, token)[0].expect(201)
    complete(open_world, token)[0].expect(404, "not_found")


def test_a_refused_completion_leaves_the_link_as_it_was(open_world: World, sink: SmtpSink) -> None:
    token = link_of(open_world, sink, new_email())
    refused, _ = complete(open_world, token, " ", given={"password": "short"})
    details = refused.expect(422, "validation_failed").object()["details"]
    assert [one["field"] for one in details] == ["accountName", "password"]
    complete(open_world, token)[0].expect(201)


def test_of_two_links_of_one_address_the_first_used_ends_the_other(open_world: World, sink: SmtpSink) -> None:
    email = new_email()
    tokens = []
    for number in (1, 2):
        request_link(open_world, email).expect(200)
        tokens.append(token_for(open_world, sink, email, number=number))
    complete(open_world, tokens[0])[0].expect(201)
    complete(open_world, tokens[1])[0].expect(404, "not_found")


def test_concurrent_completions_of_two_links_make_one_account(open_world: World, sink: SmtpSink) -> None:
    world, email = open_world, new_email()
    tokens = []
    for number in (1, 2):
        request_link(world, email).expect(200)
        tokens.append(token_for(world, sink, email, number=number))
    before = len(rows(world.server.database, "SELECT id FROM accounts"))
    answers = concurrently((partial(complete, world, tokens[at % 2])) for at in range(6))
    assert sorted(answer.status for answer, _ in answers) == [201, 404, 404, 404, 404, 404]
    assert len(rows(world.server.database, "SELECT id FROM accounts")) == before + 1


def test_a_link_and_an_invitation_of_one_address_race_for_it(open_world: World, sink: SmtpSink) -> None:
    """Whoever is second is told so, and leaves no account without people."""
    world = open_world
    for _ in range(4):
        email = new_email()
        made = invite(world, world.owner, inviteeEmail=email).expect(201)
        # Its mail goes to the same address, so that of the sign-up is found by its subject.
        request_link(world, email).expect(200)
        invitation, sign_up = _tokens(world, sink, email)
        answers = concurrently([partial(join, world, invitation, "One Ltd"), partial(complete, world, sign_up)])
        assert sorted(answer.status for answer, _ in answers) in ([201, 404], [201, 409]), made.data()
    empty = "SELECT id FROM accounts WHERE id NOT IN (SELECT account_id FROM users)"
    assert rows(world.server.database, empty) == []


def _tokens(world: World, sink: SmtpSink, email: str) -> tuple[str, str]:
    sink.wait_for_all(email, 2)
    texts = [mail.text() for mail in sink.mails if email in mail.recipients]
    invitation = next(text for text in texts if "/connections/invitations/" in text)
    number = 1 + next(at for at, text in enumerate(texts) if "/sign-up/" in text)
    token = invitation.partition("/connections/invitations/")[2].split()[0]
    return world.vault.remember("invitation token", token), token_for(world, sink, email, number=number)


def test_an_expired_link_creates_nothing(open_world: World, sink: SmtpSink) -> None:
    token = link_of(open_world, sink, new_email())
    execute(open_world.server.database, "UPDATE sign_ups SET expires_at = created_at")
    complete(open_world, token)[0].expect(404, "not_found")


def test_a_person_with_an_account_is_told_by_mail(open_world: World, sink: SmtpSink) -> None:
    person = open_world.other.owner
    request_link(open_world, person.email.upper()).expect(200)
    mail = sink.wait_for(person.email)
    assert "already" in str(mail.parsed()["subject"])
    assert "/sign-up/" not in mail.text()
    assert f"{open_world.server.url}/sign-in" in mail.text()


def test_an_invalid_address_is_named(open_world: World) -> None:
    for address in ("", "nobody", "a@b@c.test", "a b@c.test", "a@example.test\r\nBcc: b@example.test", "=?x?@c.test"):
        refused = request_link(open_world, address).expect(422, "validation_failed").object()
        assert [one["field"] for one in refused["details"]] == ["email"], address


def test_nobody_signs_up_where_the_operator_does_not_permit_it(closed: World) -> None:
    assert "operator" in request_link(closed, new_email()).expect(403, "sign_up_disabled").object()["error_description"]
    complete(closed, "lxgsup_" + "0" * 49)[0].expect(403, "sign_up_disabled")
    assert rows(closed.server.database, "SELECT * FROM sign_ups") == []


def test_where_invitations_create_accounts_nobody_signs_up_without(world: World) -> None:
    refused = request_link(world, new_email()).expect(403, "sign_up_disabled").object()
    assert "invitation" in refused["error_description"]
    made = invite(world, world.owner, inviteeEmail=new_email()).expect(201)
    assert made.data()["linkCreatesAccount"] is True
    join(world, token_of(made), "Weaver Ltd")[0].expect(201)
    assert invite(world, world.owner, inviteeSlug=f"s{uuid4()}"[:20]).expect(201).data()["linkCreatesAccount"] is False


def test_by_default_an_invitation_creates_no_account(closed: World) -> None:
    """The inviter is told at once, and the invited person who does."""
    world, email = closed, new_email()
    made = invite(world, world.owner, inviteeEmail=email).expect(201)
    assert made.data()["linkCreatesAccount"] is False
    refused = join(world, token_of(made), "Weaver Ltd")[0].expect(403, "sign_up_disabled").object()
    assert "operator" in refused["error_description"]
    login(world.api, email, world.vault.password()).expect(401, "invalid_credentials")
    assert read(world, world.owner, made.data()).data()["status"] == "PENDING"


def test_by_default_an_account_that_exists_is_invited_and_accepts(closed: World) -> None:
    world = closed
    made = invite(world, world.owner, inviteeEmail=world.other.owner.email).expect(201)
    assert made.data()["linkCreatesAccount"] is False
    act(world, world.other_owner, made.data(), "accept").expect(200)
    assert read(world, world.owner, made.data()).data()["status"] == "ACTIVE"
