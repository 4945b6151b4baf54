"""The revocation feed against concurrent revocations, over workers. Promise R4, security rules 290 and 75."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from harness.answers import Answer
from harness.clients import OAuthClient, get_token, make_resource_server, revoke, rotate
from harness.concurrency import PersistentClient, concurrently
from harness.token_forge import decode_unverified
from harness.world import World
from races.conftest import SEVERAL_WORKERS, ClientsFactory

RUNS_ON = SEVERAL_WORKERS
PATH = "/oauth/revocations"
TRIALS = 25


@pytest.fixture
def server(arena: World) -> OAuthClient:
    return make_resource_server(arena.api, arena.owner, f"https://{uuid4().hex}.example")


def read(client: PersistentClient, world: World, by: OAuthClient, query: str = "", **options: Any) -> Answer:
    headers = {"Authorization": world.vault.basic(by.client_id, by.client_secret)}
    return client.get(PATH + query, headers=headers, **options)


def listed(answer: Answer) -> set[str]:
    return {entry["id"] for entry in answer.expect(200).object()["entries"]}


def jti(token: str) -> str:
    return str(decode_unverified(token)[1]["jti"])


def test_rule_290_every_worker_lists_what_another_revoked(
    arena: World, new_clients: ClientsFactory, server: OAuthClient, bound: float
) -> None:
    here, there = new_clients(2)
    oauth = arena.new_client()
    for _ in range(TRIALS):
        token = get_token(arena.api, oauth)
        revoke(here, oauth, token).expect(200)
        acknowledged = time.monotonic()
        while jti(token) not in listed(read(there, arena, server)):
            assert time.monotonic() - acknowledged < bound


def test_rule_290_revocations_at_the_same_time_are_all_listed_in_one_version(
    arena: World, new_clients: ClientsFactory, server: OAuthClient, bound: float
) -> None:
    oauth, clients = arena.new_client(), new_clients(16)
    tokens = [get_token(arena.api, oauth) for _ in clients]
    concurrently(
        [
            lambda client=client, token=token: revoke(client, oauth, token).expect(200)  # type: ignore[misc]
            for client, token in zip(clients, tokens, strict=True)
        ]
    )
    revoked, acknowledged = {jti(token) for token in tokens}, time.monotonic()
    while True:
        found = [read(client, arena, server) for client in clients[:2]]
        late = time.monotonic() - acknowledged
        if all(revoked <= listed(answer) for answer in found):
            break
        assert late < bound
    assert len({answer.object()["version"] for answer in found}) == 1


ENDS: dict[str, Callable[[World, OAuthClient], object]] = {
    "disabled": lambda world, by: world.api.patch(
        f"/oauth/clients/{by.client_id}", bearer=world.owner.access, json={"disabled": True}
    ).expect(200),
    "deleted": lambda world, by: world.api.delete(f"/oauth/clients/{by.client_id}", bearer=world.owner.access).expect(
        204
    ),
    "rotated": lambda world, by: rotate(world.api, by, world.owner.access).expect(200),
    "address not allowed any more": lambda world, by: world.api.patch(
        f"/oauth/clients/{by.client_id}", bearer=world.owner.access, json={"allowed_cidrs": ["203.0.113.0/24"]}
    ).expect(200),
}


@pytest.mark.parametrize("end", ENDS)
def test_rule_75_a_held_read_of_a_resource_server_whose_access_ends_says_nothing(
    arena: World, new_clients: ClientsFactory, server: OAuthClient, end: str
) -> None:
    (holder,) = new_clients(1)
    version = read(holder, arena, server).expect(200).object()["version"]
    found: list[Answer] = []
    held = threading.Thread(target=lambda: found.append(read(holder, arena, server, f"?after={version}&wait=3")))
    held.start()
    time.sleep(0.3)
    ENDS[end](arena, server)
    held.join(20)
    (answer,) = found
    assert (answer.status, answer.error) == (401, "invalid_client"), end
