"""Every worker refuses what one of them revoked. Promises R4 and R16, security rules 64, 75, 84 and 89."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from harness.answers import Answer
from harness.client import Client
from harness.clients import get_token, request_token, revoke, rotate, with_secret
from harness.concurrency import PersistentClient
from harness.people import login, logout, me, sign_in
from harness.rows import rows
from harness.world import World
from races.conftest import ClientsFactory

TRIALS = 25
"""Of each kind, so 125 per arena."""

Ask = Callable[[PersistentClient], Answer]
Trials = Iterator[tuple[Ask, Ask]]
"""What one trial gives: end it through this client, ask for it through that one."""


def read_clients(client: PersistentClient, token: str) -> Answer:
    """An Owner's or Admin's route; a client's token is let in and then told that a role is missing."""
    return client.get("/oauth/clients", bearer=token)


def change(client: Client, world: World, path: str, **wanted: object) -> Answer:
    return client.patch(path, bearer=world.owner.access, json=wanted)


def logouts(world: World) -> Trials:
    person = world.person()
    while True:
        access = sign_in(world.api, person).access
        yield partial(logout, access=access), partial(me, access=access)


def revocations(world: World) -> Trials:
    oauth = world.new_client()
    while True:
        token = get_token(world.api, oauth)
        yield partial(revoke, by=oauth, token=token), partial(read_clients, token=token)


def rotations(world: World) -> Trials:
    oauth = world.new_client()

    def turn(client: PersistentClient) -> Answer:
        nonlocal oauth
        answer = rotate(client, oauth, world.owner.access)
        oauth = with_secret(oauth, answer)
        return answer

    while True:
        yield turn, partial(request_token, oauth=oauth)


def role_changes(world: World) -> Trials:
    person = world.person("ADMIN")
    path = f"/account/users/{person.user_id}"
    while True:
        access = sign_in(world.api, person).access
        yield partial(change, world=world, path=path, role="MEMBER"), partial(read_clients, token=access)
        change(world.api, world, path, role="ADMIN").expect(200)


def disablings(world: World) -> Trials:
    oauth = world.new_client()
    path = f"/oauth/clients/{oauth.client_id}"
    while True:
        token = get_token(world.api, oauth)
        yield partial(change, world=world, path=path, disabled=True), partial(read_clients, token=token)
        change(world.api, world, path, disabled=False).expect(200)


def delay(end: Callable[[], Answer], ask: Callable[[], Answer], bound: float) -> float:
    """Seconds from the acknowledgement of the ending to the last question that was still let through."""
    assert ask().status != 401
    end().expect(200)
    acknowledged = time.monotonic()
    late = 0.0
    while True:
        asked = time.monotonic() - acknowledged
        answer = ask()
        if answer.status == 401:
            return late
        late = asked
        assert late <= bound, f"{answer} {late:.3f} s after the ending was acknowledged"


@pytest.mark.parametrize("trials", [logouts, revocations, rotations, role_changes, disablings])
def test_r4_every_worker_rejects_what_another_revoked(
    arena: World, new_clients: ClientsFactory, bound: float, trials: Callable[[World], Trials]
) -> None:
    here, there = new_clients(2)
    pinned = here.worker, there.worker
    assert len(set(pinned)) == arena.server.workers
    delays = [
        delay(partial(end, here), partial(ask, there), bound)
        for (end, ask), _ in zip(trials(arena), range(TRIALS), strict=False)
    ]
    assert (here.worker, there.worker) == pinned
    print(f"the slowest of {TRIALS} {trials.__name__}: {max(delays) * 1000:.3f} ms")


def test_r16_failed_sign_ins_count_for_every_worker(arena: World, new_clients: ClientsFactory) -> None:
    """The counters are rows: what one worker counted, another one sees."""
    person = arena.person()
    sql = "SELECT failures FROM login_failures WHERE failures = 4"
    of_others = len(rows(arena.server.database, sql))
    for client in new_clients(4):
        login(client, person.email, arena.vault.password()).expect(401, "invalid_credentials")
    assert len(rows(arena.server.database, sql)) == of_others + 2
    login(arena.api, person.email, person.password).expect(200)
    assert len(rows(arena.server.database, sql)) == of_others
