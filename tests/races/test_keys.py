"""The signing key changes unnoticed, and a retired key verifies nothing. Promise R8, security rule 60."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import ServerFactory
from harness.clients import get_token, introspect, request_token
from harness.concurrency import Load, PersistentClient, open_clients
from harness.people import me, refresh, session_of, sign_in
from harness.token_forge import kid
from harness.world import World, build_world

CALLERS = 6


@pytest.fixture(params=["sqlite", "postgres"])
def two_workers(request: pytest.FixtureRequest, new_server: ServerFactory) -> Iterator[World]:
    """A server of its own: its keys come and go."""
    built = build_world(new_server(request.param, workers=2))
    yield built
    built.close()
    built.server.close()


class Caller:
    """Holds an older and a fresh token of a client and of a person, and uses all four."""

    def __init__(self, world: World, client: PersistentClient) -> None:
        self.client = client
        self.oauth = world.oauth
        self.session = sign_in(client, world.account.owner)
        self.token = get_token(client, self.oauth)

    def step(self) -> None:
        old_token, old_access = self.token, self.session.access
        self.token = request_token(self.client, self.oauth).expect(200).object()["access_token"]
        self.session = session_of(self.session.person, refresh(self.client, self.session.refresh).expect(200))
        for token in (old_token, self.token):
            # A client's token is let in (401 would be a refusal of the token) and lacks the role.
            self.client.get("/oauth/clients", bearer=token).expect(403, "access_denied")
        for access in (old_access, self.session.access):
            me(self.client, access).expect(200)


def test_r8_rotation_is_seamless_and_retirement_is_immediate(two_workers: World) -> None:
    world = two_workers
    clients = open_clients(world.server, CALLERS)
    callers = [Caller(world, client) for client in clients]
    first = kid(callers[0].token)
    with Load([caller.step for caller in callers]) as load:
        load.wait_for_everybody()
        world.server.command("keys", "rotate", "--now")
        load.wait_for_everybody()
        world.server.command("keys", "rotate")
        load.wait_for(100)
    assert all(kid(caller.token) != first for caller in callers)
    assert len(world.server.signing_keys()) == 3

    tokens = {kid(token): token for token in (get_token(client, world.oauth) for client in clients)}
    ((retired, token),) = tokens.items()
    for client in clients:
        client.get("/oauth/clients", bearer=token).expect(403, "access_denied")
    world.server.command("keys", "retire", retired)
    for caller in callers:
        me(caller.client, caller.session.access).expect(401, "invalid_token")
        caller.client.get("/oauth/clients", bearer=token).expect(401, "invalid_token")
        assert introspect(caller.client, world.oauth, token).object() == {"active": False}
    for caller in callers:
        # Sessions outlive a key, and what is signed now is signed with another one.
        fresh = session_of(caller.session.person, refresh(caller.client, caller.session.refresh).expect(200))
        assert kid(fresh.access) != retired
        me(caller.client, fresh.access).expect(200)
        assert kid(get_token(caller.client, world.oauth)) != retired
    for client in clients:
        client.close()
