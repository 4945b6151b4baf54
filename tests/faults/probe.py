"""One request of every kind, and its answer right now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from harness.answers import Answer
from harness.clients import get_token, introspect, request_token, revoke, rotate
from harness.concurrency import PersistentClient, concurrently
from harness.people import login, logout, me, refresh, sign_in
from harness.world import World

Ask = Callable[[PersistentClient], Answer]


class Probe:
    """A client, a token, a session and a person to ask with; made while everything is well."""

    def __init__(self, world: World) -> None:
        self.server = world.server
        self.oauth = world.new_client()
        self.token = get_token(world.api, self.oauth)
        self.session = sign_in(world.api, world.account.owner)
        self.person = world.person()

    def reads(self) -> dict[str, Ask]:
        """What needs no write."""
        return {
            "token": lambda client: request_token(client, self.oauth),
            "introspect": lambda client: introspect(client, self.oauth, self.token),
            "products": lambda client: client.get("/products", bearer=self.token),
            "clients": lambda client: client.get("/oauth/clients", bearer=self.session.access),
            "me": lambda client: me(client, self.session.access),
            "ready": lambda client: client.get("//readyz"),
        }

    def writes(self) -> dict[str, Ask]:
        """What changes something, the ending of the session last."""
        return {
            "login": lambda client: login(client, self.person.email, self.person.password),
            "refresh": lambda client: refresh(client, self.session.refresh, key="probe"),
            "rotate": lambda client: rotate(client, self.oauth, self.session.access, grace_period_seconds=3600),
            "revoke": lambda client: revoke(client, self.oauth, self.token),
            "logout": lambda client: logout(client, self.session.access),
        }

    def requests(self) -> dict[str, Ask]:
        return self.reads() | self.writes()

    def all_at_once(self, asks: dict[str, Ask] | None = None) -> dict[str, Answer]:
        """The answer to each, 503 included."""
        asked = self.requests() if asks is None else asks
        clients = [PersistentClient(self.server, faulty=True) for _ in asked]
        answers = concurrently([partial(ask, client) for ask, client in zip(asked.values(), clients, strict=True)])
        for client in clients:
            client.close()
        return dict(zip(asked, answers, strict=True))
