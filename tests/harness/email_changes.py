"""Changes of e-mail addresses, with the mail server that gets the links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from harness.answers import Answer, JsonObject
from harness.client import INVITATION
from harness.people import Person, Session, accept, new_email, sign_in
from harness.server import Server
from harness.smtp_sink import Mail, SmtpSink
from harness.world import World, build_world

LINK = re.compile(r"/email-changes/(lxgeml_[0-9A-Za-z]+)")
TO_OLD, TO_NEW = "Change of your e-mail address", "Confirm your e-mail address"


class Mailing(NamedTuple):
    """A world that sends mail, and the server that keeps what it sent."""

    world: World
    sink: SmtpSink

    def session(self, role: str = "MEMBER", by: Session | None = None) -> Session:
        """A session of a new person of the first account, or that of `by`; the invitation is mailed."""
        world, address, password = self.world, new_email(role.lower()), self.world.vault.password()
        body = {"email": address, "role": role}
        world.api.post("/account/users", bearer=(by or world.owner).access, json=body).expect(201)
        found = INVITATION.search(self.sink.wait_for(address).text())
        assert found is not None
        token = world.vault.remember("invitation token", found.group(1))
        person = Person(accept(world.api, token, password).expect(201).data()["id"], address, password, role)
        return sign_in(world.api, person)

    def ask(self, session: Session, new: str, password: str | None = None) -> Answer:
        body = {"newEmail": new, "password": password or session.person.password}
        return self.world.api.post("/auth/email", bearer=session.access, json=body)

    def tokens(self, session: Session, new: str | None = None) -> tuple[str, str, str]:
        """A new change: the new address, the token mailed to the present one, and that mailed to the new one."""
        address = new or new_email("renamed")
        self.ask(session, address).expect(200)
        old = self.token_in(self.sink.wait_for(session.person.email, subject=TO_OLD))
        return address, old, self.token_in(self.sink.wait_for(address, subject=TO_NEW))

    def token_in(self, mail: Mail) -> str:
        found = LINK.search(mail.text())
        assert found is not None, mail.text()
        return self.world.vault.remember("token of an e-mail change", found.group(1))

    def answer(self, token: str, act: str = "confirm") -> Answer:
        return self.world.api.post(f"/email-changes/{token}/{act}")

    def me(self, session: Session) -> JsonObject:
        found: JsonObject = self.world.api.get("/auth/me", bearer=session.access).expect(200).data()
        return found

    def mails_to(self, address: str, subject: str = "") -> list[Mail]:
        return [mail for mail in self.sink.mails if mail.is_to(address, subject)]


@contextmanager
def mailing_server(
    new_server: Callable[..., Server], engine: str, source: str | None = None, **settings: str
) -> Iterator[Mailing]:
    """A server of its own that mails to a sink of its own."""
    sink = SmtpSink().start()
    server = new_server(engine, LINKXG_SMTP_URL=sink.url, **settings)
    try:
        with mailing_world(server, sink, source) as made:
            yield made
    finally:
        server.close()
        sink.stop()


@contextmanager
def mailing_world(server: Server, sink: SmtpSink, source: str | None = None) -> Iterator[Mailing]:
    """Whose requests come from `source`, if the server trusts the proxy."""
    built = build_world(server, source)
    try:
        yield Mailing(built, sink)
    finally:
        built.close()
