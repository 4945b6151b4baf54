"""Asks for links, reads them from mails, and uses them."""

from __future__ import annotations

from typing import Any

from harness.answers import Answer
from harness.client import INVITATION, PASSWORD_LINK, Client
from harness.people import Person, Session, accept, new_email
from harness.rows import execute
from harness.smtp_sink import SmtpSink
from harness.world import World

SUBJECT = "Choose a new LinkXG password"
CHANGED = "Your password was changed"
MADE = "A link to change your password was made"
HALF_HOUR_MS = 1_800_000


def ask(api: Client, email: str, **options: Any) -> Answer:
    return api.post("/auth/password-reset", json={"email": email}, **options)


def complete(api: Client, token: str, password: str, **options: Any) -> Answer:
    body = {"token": token, "newPassword": password}
    return api.post("/auth/password-reset/complete", json=body, **options)


def token_in(world: World, text: str) -> str:
    """The token of the link in a mail or page."""
    found = PASSWORD_LINK.search(text)
    assert found is not None, text
    return world.vault.remember("password link", found.group(1))


def mailed(world: World, sink: SmtpSink, person: Person, number: int = 1) -> str:
    """Ask for the link of this number and read it from its mail."""
    ask(world.api, person.email).expect(200)
    return token_in(world, sink.wait_for_all(person.email, number, SUBJECT)[number - 1].text())


def make_link(world: World, person: Person, by: Session, **options: Any) -> Answer:
    path = f"/account/users/{person.user_id}/password-reset"
    return world.api.post(path, bearer=by.access, reveals=True, **options)


def link_for(world: World, person: Person, by: Session | None = None) -> str:
    """The token of a link that an Owner makes, or `by`."""
    return token_in(world, make_link(world, person, by or world.owner).expect(201).data()["link"])


def mail_person(world: World, sink: SmtpSink, role: str = "MEMBER") -> Person:
    """A new person of the first account, whose invitation is mailed."""
    address = new_email(role.lower())
    body = {"email": address, "role": role}
    world.api.post("/account/users", bearer=world.owner.access, json=body).expect(201)
    link = INVITATION.search(sink.wait_for(address).text())
    assert link is not None
    token = world.vault.remember("invitation token", link.group(1))
    password = world.vault.password()
    joined = accept(world.api, token, password).expect(201).data()
    return Person(joined["id"], address, password, role)


def turn_back(world: World, person: Person, milliseconds: int) -> None:
    """Make the links of a person older."""
    execute(
        world.server.database,
        f"update password_resets set created_at = created_at - {milliseconds}, "
        f"expires_at = expires_at - {milliseconds} where user_id = '{person.user_id}'",
    )
