"""The accounts, people and clients that a test finds ready-made on a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property

from harness.bootstrapped import bootstrap
from harness.client import Client
from harness.clients import ALL_SCOPES, OAuthClient, get_token, make_client
from harness.people import Account, Person, Session, add_person, sign_in
from harness.server import Server
from harness.vault import Vault

FRESH_S = 300.0
"""An access token lives 15 minutes."""


class World:
    """Two accounts on one server. What a test changes it makes for itself; what is here stays as it is."""

    def __init__(self, server: Server, account: Account, api: Client) -> None:
        self.server = server
        self.account = account
        self.api = api
        self._sessions: dict[str, tuple[float, Session]] = {}
        self._signing_in = threading.Lock()

    @property
    def vault(self) -> Vault:
        return self.server.vault

    @cached_property
    def other(self) -> Account:
        """The second account, made while the server runs."""
        return self.server.bootstrap("Borealis AB", another=True)

    @property
    def owner(self) -> Session:
        """A session of the first account's Owner. Do not end it; a person can have only 20."""
        return self._session(self.account.owner)

    @property
    def other_owner(self) -> Session:
        """A session of the second account's Owner. Do not end it."""
        return self._session(self.other.owner)

    def _session(self, person: Person) -> Session:
        """A session whose access token outlasts the test, however long the run has been going on."""
        # Of many threads one signs in: a person has only 20 sessions, and a further one ends the oldest.
        with self._signing_in:
            began, session = self._sessions.get(person.user_id, (0.0, None))
            if session is None or time.monotonic() - began > FRESH_S:
                session = sign_in(self.api, person)
                self._sessions[person.user_id] = (time.monotonic(), session)
            return session

    @cached_property
    def oauth(self) -> OAuthClient:
        """A client of the first account with every scope. Do not change it."""
        return make_client(self.api, self.owner)

    @cached_property
    def other_oauth(self) -> OAuthClient:
        """A client of the second account with every scope. Do not change it."""
        return make_client(self.api, self.other_owner)

    def person(self, role: str = "MEMBER") -> Person:
        """A new person of the first account."""
        return add_person(self.api, self.owner, role)

    def session(self, role: str = "MEMBER") -> Session:
        """A session of a new person of the first account."""
        return sign_in(self.api, self.person(role))

    def new_client(self, scope: str = ALL_SCOPES) -> OAuthClient:
        """A new client of the first account."""
        return make_client(self.api, self.owner, scope)

    def token(self, scope: str | None = None) -> str:
        """A fresh access token of the ready-made client."""
        return get_token(self.api, self.oauth, scope)

    def close(self) -> None:
        self.api.close()


def build_world(server: Server, source: str | None = None, connect: Callable[[Server], Client] | None = None) -> World:
    """Start the server with an account; with `source`, everything comes from there through the proxy.

    `connect` makes another client than the ordinary one, once the server runs.
    """
    account = bootstrap(server)
    server.start()
    return World(server, account, connect(server) if connect else server.client(source))
