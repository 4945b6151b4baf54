"""Several nodes act as one: same keys, same revocations, same budgets. Promises R4, R8 and R16, security rule 60."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from conftest import GENERAL, DatabaseFactory
from harness.clients import get_token, request_token
from harness.concurrency import Load, PersistentClient, seconds_until
from harness.nodes import Nodes, copy_keys
from harness.people import login, me, refresh, session_of, sign_in
from harness.redis import KeyValueServer
from harness.server import Server
from harness.token_forge import kid
from harness.vault import Vault
from harness.world import World, build_world

VISIBLE_S = 1.0
"""In which every node knows of a revocation: promise R4."""
MakeNodes = Callable[..., Nodes]


@pytest.fixture
def new_nodes(tmp_path: Path, new_database: DatabaseFactory) -> Iterator[MakeNodes]:
    """Makes an installation without nodes yet."""
    made: list[Nodes] = []

    def make(**settings: str) -> Nodes:
        made.append(Nodes(tmp_path, new_database("postgres"), Vault(), GENERAL | settings))
        return made[-1]

    yield make
    for nodes in made:
        nodes.close()


@pytest.fixture
def pair(new_nodes: MakeNodes) -> Iterator[tuple[World, Server]]:
    """A world on the first of two nodes, and the second one."""
    nodes = new_nodes()
    world = build_world(nodes.add())
    yield world, nodes.add().start()
    world.close()


def kids(server: Server) -> set[str]:
    return {str(key["kid"]) for key in server.signing_keys()}


class Caller:
    """Gets its tokens from one node and uses them on the other."""

    def __init__(self, world: World, gets: Server, uses: Server) -> None:
        self.gets, self.uses = PersistentClient(gets), PersistentClient(uses)
        self.oauth = world.oauth
        self.session = sign_in(self.gets, world.person("ADMIN"))
        self.token = get_token(self.gets, self.oauth)

    def step(self) -> None:
        self.token = request_token(self.gets, self.oauth).expect(200).object()["access_token"]
        # A client's token is let in (401 would be a refusal of the token) and lacks the role.
        self.uses.get("/oauth/clients", bearer=self.token).expect(403, "access_denied")
        self.session = session_of(self.session.person, refresh(self.gets, self.session.refresh).expect(200))
        me(self.uses, self.session.access).expect(200)

    def close(self) -> None:
        self.gets.close()
        self.uses.close()


def test_r8_keys_changed_on_one_node_are_changed_on_all(pair: tuple[World, Server]) -> None:
    world, second = pair
    first = world.server
    callers = [Caller(world, first, second), Caller(world, second, first)]
    old = kid(callers[0].token)
    with Load([caller.step for caller in callers]) as load:
        load.wait_for_everybody()
        second.command("keys", "rotate", "--now")
        load.wait_for_everybody(2)
    assert {kid(caller.token) for caller in callers} == kids(first) - {old}
    assert first.signing_keys() == second.signing_keys()

    dying = callers[0].token
    first.command("keys", "retire", kid(dying))
    for caller in callers:
        for client in (caller.uses, caller.gets):
            seconds_until(partial(is_refused, client, dying), within=VISIBLE_S)
        caller.step()
    assert first.signing_keys() == second.signing_keys()
    assert kid(dying) not in kids(second)
    for caller in callers:
        caller.close()


def is_refused(client: PersistentClient, token: str) -> bool:
    return client.get("/oauth/clients", bearer=token).status == 401


def test_a_node_adopts_keys_that_changed_while_it_was_down(pair: tuple[World, Server]) -> None:
    world, second = pair
    second.stop()
    (old,) = kids(second)
    world.server.command("keys", "rotate", "--now")
    world.server.command("keys", "retire", old)
    second.start()
    assert second.signing_keys() == world.server.signing_keys()
    client = PersistentClient(second)
    client.get("/products", bearer=get_token(world.api, world.oauth)).expect(200)
    client.close()


def test_concurrent_key_changes_on_two_nodes_are_both_applied(pair: tuple[World, Server]) -> None:
    world, second = pair
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda server: server.command("keys", "rotate"), (world.server, second)))
    seconds_until(lambda: len(kids(world.server)) == len(kids(second)) == 3, within=VISIBLE_S)
    assert world.server.signing_keys() == second.signing_keys()


def test_a_node_with_other_keys_refuses_to_start(new_nodes: MakeNodes) -> None:
    """It would sign people out, and accept what nobody else accepts."""
    nodes = new_nodes()
    first = nodes.add().start()
    stranger = nodes.add(keys=False)
    process = stranger.launch()
    assert process.wait() == 1
    assert "copy the file from another node" in process.tail()
    assert not (stranger.data_dir / "keys.json").exists()
    stranger.kill()

    copy_keys(first, stranger)
    content = (stranger.data_dir / "keys.json").read_text()
    server_key = json.loads(content)["server_key"]
    (stranger.data_dir / "keys.json").write_text(content.replace(server_key, server_key.swapcase()))
    process = stranger.launch()
    assert process.wait() == 1
    assert "does not match the keys in the database" in process.tail()
    assert b"keys of the nodes" in stranger.try_command("doctor").stdout
    stranger.kill()
    copy_keys(first, stranger)
    stranger.start()


def test_r16_budgets_are_shared_by_nodes(new_nodes: MakeNodes, key_value_server: KeyValueServer) -> None:
    nodes = new_nodes(LINKXG_LIMITS_URL=key_value_server.url, LINKXG_LIMIT_SCALE="1")
    world = build_world(nodes.add())
    second = nodes.add().start()
    clients = [PersistentClient(world.server), PersistentClient(second)]
    person = world.person()
    statuses = [login(clients[n % 2], person.email, world.vault.password()).status for n in range(14)]
    assert 429 in statuses
    for client in clients:
        login(client, person.email, person.password).expect(429, "rate_limit_exceeded")
        client.close()
    world.close()
