"""Requests while the service shuts down. Promise R9."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from conftest import GENERAL, DatabaseFactory, ServerFactory
from faults.conftest import ClientsFactory, Crowd, NewWorld
from faults.test_sqlite_lock import write_lock
from harness.answers import Answer
from harness.clients import request_token
from harness.concurrency import ConnectionLost, Load, PersistentClient, seconds_until
from harness.people import me, refresh, session_of, sign_in
from harness.server import Server
from harness.tls import ADDRESS, self_signed
from harness.vault import Vault
from harness.world import World, build_world


@pytest.mark.parametrize(("engine", "workers"), [("sqlite", 1), ("sqlite", 2), ("postgres", 1)])
def test_r9_a_stop_under_load_loses_no_acknowledgement(
    engine: str, workers: int, new_world: NewWorld, crowd_of: Callable[[World], Crowd]
) -> None:
    world = new_world(engine, workers=workers)
    crowd = crowd_of(world)
    # ConnectionLost: the connection was closed before a response began. A response cut short fails the test.
    with Load(crowd.steps(), ends=(ConnectionLost,)) as load:
        load.wait_for_everybody()
        assert world.server.stop() == 0
        with pytest.raises(ConnectionLost):
            PersistentClient(world.server).connect()
    world.server.start()
    crowd.settle()


def test_r9_running_requests_finish_and_no_new_one_starts(new_world: NewWorld, new_clients: ClientsFactory) -> None:
    world = new_world("sqlite")
    session = sign_in(world.api, world.account.owner)
    busy, idle = new_clients(world.server, 2)
    with ThreadPoolExecutor(1) as pool:
        with write_lock(world):
            refreshing = pool.submit(refresh, busy, session.refresh)
            # The worker answers in the order in which it reads: the other request is with it now.
            seconds_until(lambda: idle.get("//healthz").status == 200 and refreshing.running(), within=5.0)
            world.server.terminate()
            seconds_until(lambda: refuses_connections(world), within=5.0)
            assert world.server.running
            assert not refreshing.done()
        answer = refreshing.result().expect(200)
    assert world.server.stop() == 0
    world.server.start()
    refresh(busy, answer.data()["refreshToken"]).expect(200)
    refresh(busy, session.refresh).expect(401, "invalid_token")


def test_r9_a_silent_tls_peer_does_not_hold_a_stop(new_server: ServerFactory, tmp_path: Path) -> None:
    """An idle connection of a client that reads nothing, as in the pool of many HTTP libraries."""
    certificate, key = self_signed(tmp_path)
    server = new_server(LINKXG_TLS_CERT=str(certificate), LINKXG_TLS_KEY=str(key))
    server.environment["LINKXG_PUBLIC_URL"] = f"https://{ADDRESS}:{server.port}"
    try:
        server.bootstrap("Acme GmbH")
        server.start()
        context = ssl.create_default_context(cafile=str(certificate))
        with context.wrap_socket(socket.create_connection((ADDRESS, server.port)), server_hostname=ADDRESS) as peer:
            peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert peer.recv(12) == b"HTTP/1.1 200"
            assert server.stop() == 0
    finally:
        server.close()


def refuses_connections(world: World) -> bool:
    """Whether a new connection is turned away."""
    client = PersistentClient(world.server)
    try:
        client.connect()
    except ConnectionLost:
        return True
    finally:
        client.close()
    return False


@pytest.fixture
def instances(tmp_path: Path, new_database: DatabaseFactory) -> Iterator[list[Server]]:
    """Two instances of one service: the same database, keys and address."""
    database, vault = new_database("postgres"), Vault()
    settings = GENERAL | {"LINKXG_PUBLIC_URL": "http://127.0.0.1"}
    made = [Server(tmp_path, database, vault, settings=settings) for _ in range(2)]
    yield made
    for server in made:
        server.close()


class Caller:
    """Asks one instance and, when that gives no answer, the other, under the same Idempotency-Key."""

    def __init__(self, world: World, instances: list[Server], number: int) -> None:
        self.clients = [PersistentClient(server) for server in instances[number % 2 :] + instances[: number % 2]]
        self.oauth = world.oauth
        self.session = sign_in(world.api, world.person())
        self.turn = 0

    def step(self) -> None:
        self.turn += 1
        key = str(self.turn)
        answer = self._ask(partial(refresh, token=self.session.refresh, key=key)).expect(200)
        self.session = session_of(self.session.person, answer)
        self._ask(partial(me, access=self.session.access)).expect(200)
        self._ask(partial(request_token, oauth=self.oauth)).expect(200)

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def _ask(self, ask: Callable[[PersistentClient], Answer]) -> Answer:
        try:
            return ask(self.clients[0])
        except ConnectionLost:
            self.clients.reverse()
            return ask(self.clients[0])


def test_r9_a_rolling_restart_of_two_instances_loses_no_request(instances: list[Server]) -> None:
    first, second = instances
    world = build_world(first)
    second.start()
    callers = [Caller(world, instances, number) for number in range(4)]
    with Load([caller.step for caller in callers]) as load:
        for server in (first, second):
            load.wait_for_everybody()
            assert server.stop() == 0
            load.wait_for_everybody()
            server.start()
            load.wait_for_everybody()
    world.close()
    for caller in callers:
        caller.close()
