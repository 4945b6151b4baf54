"""Security notices by mail: what is told to whom, once, and how much of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conftest import ServerFactory, assert_no_leaks
from harness.client_assertions import add_key, new_key, public, set_methods
from harness.clients import make_client
from harness.email_changes import Mailing, mailing_server, mailing_world
from harness.people import Person, login, new_email
from harness.server import Server
from harness.smtp_sink import SmtpSink

PROXIED = {"LINKXG_TRUSTED_PROXIES": "127.0.0.0/8", "LINKXG_PUBLIC_URL": "https://api.example.test"}
HOME = "198.51.100.7"
FIREFOX = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
NEWER_FIREFOX = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0")
EDGE = ("User-Agent", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0")
SIGN_IN, CONTACT = "New sign-in to LinkXG", "Security contact changed"


@pytest.fixture(scope="module")
def mailing(engine: str, new_server: ServerFactory) -> Iterator[Mailing]:
    with mailing_server(new_server, engine, HOME, **PROXIED) as made:
        yield made
        assert_no_leaks(made.world.server, with_backup=False)


def enter(mailing: Mailing, person: Person, source: str, agent: tuple[str, str]) -> None:
    with mailing.world.server.client(source) as client:
        login(client, person.email, person.password, headers=[agent]).expect(200)


def sign_ins(mailing: Mailing, person: Person) -> int:
    """Notices of sign-ins so far: the mail of a later change of password has come, and mails do not overtake."""
    return len(mailing.mails_to(person.email, SIGN_IN))


def test_a_sign_in_from_a_new_place_is_told_once(mailing: Mailing) -> None:
    person = mailing.session().person
    enter(mailing, person, "203.0.113.9", FIREFOX)
    text = mailing.sink.wait_for(person.email, subject=SIGN_IN).text()
    assert "Firefox on Linux" in text
    assert "203.0.113.9" in text
    # The same network, and another version of the same program.
    enter(mailing, person, "203.0.113.77", NEWER_FIREFOX)
    enter(mailing, person, HOME, FIREFOX)
    enter(mailing, person, "203.0.113.9", EDGE)
    assert "Edge on Windows" in mailing.sink.wait_for(person.email, subject=SIGN_IN, number=2).text()
    enter(mailing, person, "2001:db8:1:2::5", EDGE)
    mailing.sink.wait_for(person.email, subject=SIGN_IN, number=3)
    enter(mailing, person, "2001:db8:1:ffff::5", EDGE)
    change_password(mailing, person)
    assert sign_ins(mailing, person) == 3


def change_password(mailing: Mailing, person: Person) -> Person:
    """Done by the person, and told to them."""
    world, new = mailing.world, mailing.world.vault.password()
    access = login(world.api, person.email, person.password).expect(200).data()["accessToken"]
    body = {"currentPassword": person.password, "newPassword": new}
    world.api.post("/auth/password", bearer=access, json=body).expect(200)
    mailing.sink.wait_for(person.email, subject="Your password was changed")
    return Person(person.user_id, person.email, new, person.role)


def test_the_first_sign_in_is_no_news(mailing: Mailing) -> None:
    person = mailing.session().person
    change_password(mailing, person)
    assert sign_ins(mailing, person) == 0


def test_a_failed_sign_in_is_not_told(mailing: Mailing) -> None:
    person = mailing.session().person
    with mailing.world.server.client("203.0.113.200") as client:
        login(client, person.email, mailing.world.vault.password()).expect(401, "invalid_credentials")
    change_password(mailing, person)
    assert sign_ins(mailing, person) == 0


def test_owners_and_the_security_contact_are_told(mailing: Mailing) -> None:
    world, sink, contact = mailing.world, mailing.sink, new_email("security")
    owner, api = world.owner.access, world.api
    recipients = (world.account.owner.email, contact)
    api.patch("/account", bearer=owner, json={"securityContact": contact}).expect(200)
    for one in recipients:
        assert contact in sink.wait_for(one, subject=CONTACT).text()
    oauth = make_client(api, world.owner)
    for one in recipients:
        assert oauth.client_id in sink.wait_for(one, subject="OAuth client created").text()
    api.post(f"/oauth/clients/{oauth.client_id}/rotate", bearer=owner, reveals=True).expect(200)
    for one in recipients:
        assert oauth.client_id in sink.wait_for(one, subject="Secret of an OAuth client rotated").text()
    added = add_key(api, world.owner, oauth.client_id, jwk=public(new_key())).expect(201).object()
    api.delete(f"/oauth/clients/{oauth.client_id}/keys/{added['id']}", bearer=owner).expect(204)
    set_methods(api, world.owner, oauth.client_id, ["client_secret_post"]).expect(200)
    for one in recipients:
        texts = [
            sink.wait_for(one, subject="Authentication of an OAuth client", number=number).text()
            for number in (1, 2, 3)
        ]
        assert [any(word in text for text in texts) for word in ("was added", "was removed", "are now")] == [True] * 3
    person = mailing.session("MEMBER").person
    api.patch(f"/account/users/{person.user_id}", bearer=owner, json={"role": "ADMIN"}).expect(200)
    for one in (*recipients, person.email):
        sink.wait_for(one, subject="New Admin on LinkXG")
    other = new_email("security")
    api.patch("/account", bearer=owner, json={"securityContact": other}).expect(200)
    assert other in sink.wait_for(contact, subject=CONTACT, number=2).text()
    assert other in sink.wait_for(other, subject=CONTACT).text()
    api.patch("/account", bearer=owner, json={"securityContact": None}).expect(200)
    sink.wait_for(other, subject=CONTACT, number=2)


def test_a_lowered_role_is_not_told(mailing: Mailing) -> None:
    world, person = mailing.world, mailing.session("ADMIN").person
    path = f"/account/users/{person.user_id}"
    for role in ("VIEWER", "MEMBER"):
        world.api.patch(path, bearer=world.owner.access, json={"role": role}).expect(200)
    change_password(mailing, person)
    assert not mailing.mails_to(person.email, "New")


@pytest.fixture
def limited(engine: str, smtp_sink: SmtpSink, fresh_server: Callable[..., Server]) -> Iterator[Mailing]:
    """With the ordinary limits."""
    server = fresh_server(engine, LINKXG_SMTP_URL=smtp_sink.url, LINKXG_LIMIT_SCALE="1", **PROXIED)
    with mailing_world(server, smtp_sink, HOME) as made:
        yield made


def test_notices_do_not_fill_a_mailbox(limited: Mailing) -> None:
    """Security rule 157: at most 5 notices of sign-ins an hour, and 5 links an hour to one new address."""
    person = limited.session().person
    for number in range(8):
        enter(limited, person, f"203.0.{number}.9", FIREFOX)
    for number in range(8):
        enter(limited, person, f"192.0.{number}.9", ("User-Agent", f"Robot{'x' * number}"))
    victim, asked = new_email("victim"), 0
    for _ in range(2):
        session = limited.session()
        for _ in range(4):
            limited.ask(session, victim).expect(200)
            asked += 1
            limited.sink.wait_for(
                session.person.email, subject="Change of your e-mail address", number=1 + (asked - 1) % 4
            )
    change_password(limited, person)
    assert sign_ins(limited, person) == 5
    assert len(limited.mails_to(victim)) == 5


def test_a_person_asks_for_ten_changes_an_hour(limited: Mailing) -> None:
    """Security rule 157."""
    session = limited.session()
    for _ in range(10):
        limited.ask(session, new_email()).expect(200)
    limited.ask(session, new_email()).expect(429, "rate_limit_exceeded")


def test_no_name_writes_a_header_of_a_mail(mailing: Mailing) -> None:
    """Security rule 158: line breaks and encoded words are refused, and no header has a name."""
    session, word = mailing.session(), "=?utf-8?q?A=0d=0aReply-To:_evil=40example.test?="
    for name in (word, "Ada\r\nReply-To: evil@example.test", "Ada\u2028Bcc: evil@example.test"):
        mailing.world.api.patch("/auth/me", bearer=session.access, json={"name": name}).expect(422, "validation_failed")
    for address in (f"{word}@example.test", "a@example.test\r\nBcc: b@example.test", "a@example.test, b@example.test"):
        answer = mailing.ask(session, address)
        assert answer.status in (400, 422), answer
    _, old, new = mailing.tokens(session)
    for token in (old, new):
        mailing.answer(token).expect(200)
    for mail in mailing.mails_to(session.person.email):
        parsed = mail.parsed()
        assert "Reply-To" not in parsed
        assert "Bcc" not in parsed
