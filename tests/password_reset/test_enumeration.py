"""A request for a link reveals nobody. Security rule 148."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import closing

from harness.client import PASSWORD_LINK
from harness.people import new_email
from harness.rows import execute, rows
from harness.smtp_sink import Mail, SmtpSink
from harness.world import World
from password_reset.links import SUBJECT, ask, mail_person, mailed

CHANGING = {"date", "x-request-id"}
HOW = "How you sign in to LinkXG"


def subject_of(mail: Mail) -> str:
    return str(mail.parsed()["Subject"])


def test_every_address_gets_the_same_answer(mail_world: World, sink: SmtpSink) -> None:
    world = mail_world
    known, disabled, without, removed = (mail_person(world, sink) for _ in range(4))
    path = "/account/users/"
    world.api.patch(path + disabled.user_id, bearer=world.owner.access, json={"disabled": True}).expect(200)
    world.api.delete(path + removed.user_id, bearer=world.owner.access).expect(204)
    execute(world.server.database, f"update users set password_hash = '' where id = '{without.user_id}'")
    invited = new_email("invited")
    world.api.post("/account/users", bearer=world.owner.access, json={"email": invited}).expect(201)
    addresses = {
        "known": known.email,
        "other spelling": known.email.upper(),
        "stranger": new_email("stranger"),
        "disabled": disabled.email,
        "without a password": without.email,
        "removed": removed.email,
        "invited": invited,
        "no such host": "x@localhost.invalid",
        "international": "jörg@bücher.example",
        "odd": "-@-.-",
    }
    shapes: dict[str, list[str]] = {}
    for name, address in addresses.items():
        answer = ask(world.api, address).expect(200)
        fields = [field for field in answer.fields if field[0] not in CHANGING]
        shapes.setdefault(json.dumps([fields, answer.object()]), []).append(name)
    assert len(shapes) == 1, shapes
    mailed(world, sink, mail_person(world, sink))
    nobody = {addresses[name] for name in addresses} - {known.email, known.email.upper()}
    assert not [one for one in sink.mails if subject_of(one).startswith(HOW) and disabled.email in one.recipients]
    reset_mails = [one for one in sink.mails if subject_of(one).startswith(SUBJECT)]
    assert not [one for one in reset_mails if nobody & set(one.recipients)]


def test_a_person_without_a_password_is_mailed_how_they_sign_in(mail_world: World, sink: SmtpSink) -> None:
    """A link would give them a password beside their single sign-on; silence left them waiting for a mail."""
    world, person = mail_world, mail_person(mail_world, sink)
    execute(world.server.database, f"update users set password_hash = '' where id = '{person.user_id}'")
    for _ in range(4):
        ask(world.api, person.email).expect(200)
    mails = sink.wait_for_all(person.email, 2, HOW)
    text = mails[0].text()
    assert "You have none here yet. An Owner or Admin of your account can create a link for you" in text
    assert PASSWORD_LINK.search(text) is None
    mailed(world, sink, mail_person(world, sink))
    assert len(sink.wait_for_all(person.email, 2, HOW)) == 2, "as few as of links"
    kept = rows(
        world.server.database,
        f"select issued_by, expires_at <= created_at from password_resets where user_id = '{person.user_id}'",
    )
    assert [(one[0], str(one[1]).lower() in ("1", "t", "true")) for one in kept] == [("notice", True)] * 2, "no link"


def test_the_answer_waits_neither_for_the_look_up_nor_for_the_mail(fresh_world: Callable[..., World]) -> None:
    """The mail server accepts connections and never answers: an answer that waited would take ten seconds."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as stalled:
        world = fresh_world("sqlite", LINKXG_SMTP_URL=f"smtp://127.0.0.1:{stalled.getsockname()[1]}")
        owner = world.account.owner.email
        slowest = {
            name: max(ask(world.api, email).expect(200).seconds for email in emails)
            for name, emails in {"known": [owner] * 8, "unknown": [new_email() for _ in range(8)]}.items()
        }
    assert max(slowest.values()) < 2.0, slowest


def test_without_a_mail_server_the_answer_is_the_same(world: World) -> None:
    answers = [ask(world.api, email).expect(200) for email in (world.account.owner.email, new_email())]
    assert answers[0].object() == answers[1].object() == {"success": True, "data": None}
    assert rows(world.server.database, "select id from password_resets where issued_by = 'mail'") == []
