"""How many mails a person gets. Security rule 152."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attacks.conftest import PROXIED, new_source, sources
from harness.client import Client
from harness.concurrency import concurrently
from harness.people import Person, new_email
from harness.server import Server
from harness.smtp_sink import SmtpSink
from harness.world import World
from password_reset.links import HALF_HOUR_MS, SUBJECT, ask, complete, mail_person, mailed, token_in, turn_back

__all__ = ["sources"]


def links_to(sink: SmtpSink, person: Person) -> int:
    """How many mails with a link have come to this person."""
    return sum(
        person.email in mail.recipients and str(mail.parsed()["Subject"]).startswith(SUBJECT) for mail in sink.mails
    )


def test_a_person_gets_two_mails_in_half_an_hour_and_three_in_an_hour(
    engine: str, smtp_sink: SmtpSink, fresh_world: Callable[..., World]
) -> None:
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    person = mail_person(world, smtp_sink)
    assert flooded(world, smtp_sink, person) == 2
    turn_back(world, person, HALF_HOUR_MS)
    # The links are expired by now: the person can have a new one.
    assert flooded(world, smtp_sink, person) == 3
    newest = token_in(world, smtp_sink.wait_for_all(person.email, 3, SUBJECT)[2].text())
    turn_back(world, person, HALF_HOUR_MS - 60_000)
    # An hour after the first one has not passed, and the newest is still valid.
    assert flooded(world, smtp_sink, person) == 3
    complete(world.api, newest, world.vault.password()).expect(200)
    turn_back(world, person, 60_000)
    assert flooded(world, smtp_sink, person) == 5
    assert world.server.stop() == 0
    assert links_to(smtp_sink, person) == 5


def flooded(world: World, sink: SmtpSink, person: Person) -> int:
    """Ask from many sources at the same time; how many mails the person has then."""
    for answer in concurrently([partial(ask, world.api, person.email)] * 12):
        answer.expect(200)
    # Somebody else's mail comes after theirs.
    other = mail_person(world, sink)
    mailed(world, sink, other)
    mailed(world, sink, other, 2)
    return links_to(sink, person)


def test_a_flood_stops_neither_the_owner_nor_a_sign_in(
    smtp_sink: SmtpSink, fresh_server: Callable[..., Server], sources: Callable[..., Client]
) -> None:
    """With the budgets as they ship: after a flood by strangers, the person has a link that works."""
    server = fresh_server("sqlite", **PROXIED, LINKXG_SMTP_URL=smtp_sink.url)
    account = server.bootstrap("Acme GmbH")
    server.start()
    owner = account.owner
    strangers = [sources(server) for _ in range(5)]
    for stranger in strangers:
        for _ in range(5):
            ask(stranger, owner.email).expect(200)
    api = sources(server)
    ask(api, owner.email).expect(200)
    found = smtp_sink.wait_for_all(owner.email, 2, SUBJECT)
    api.post("/auth/login", json={"email": owner.email, "password": owner.password}, reveals=True).expect(200)
    token = server.vault.remember("password link", found[0].text().partition("password-reset/")[2].split()[0])
    complete(api, token, server.vault.password()).expect(200)


def test_a_source_has_a_budget_of_requests(
    smtp_sink: SmtpSink, fresh_server: Callable[..., Server], sources: Callable[..., Client]
) -> None:
    server = fresh_server("sqlite", **PROXIED, LINKXG_SMTP_URL=smtp_sink.url)
    server.start()
    api = sources(server, new_source())
    statuses = [ask(api, new_email()).status for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    ask(sources(server), new_email()).expect(200)


def test_a_mail_that_was_refused_does_not_count(
    engine: str, smtp_sink: SmtpSink, fresh_world: Callable[..., World]
) -> None:
    world = fresh_world(engine, LINKXG_SMTP_URL=smtp_sink.url)
    person = mail_person(world, smtp_sink)
    smtp_sink.accepts = False
    for number in range(1, 4):
        ask(world.api, person.email).expect(200)
        world.server.wait_for_event("mail.failed", count=number)
    smtp_sink.accepts = True
    complete(world.api, mailed(world, smtp_sink, person), world.vault.password()).expect(200)
