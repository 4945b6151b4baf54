"""Everything acknowledged survives kill -9 at any moment. Promises R1, R2, R15, R18 and R19."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import psutil
import pytest

from faults.conftest import ClientsFactory, Crowd, NewWorld
from faults.probe import Probe
from harness.concurrency import ConnectionLost, Load, PersistentClient, TruncatedResponse
from harness.people import logout, me
from harness.server import Server
from harness.world import World

KILLS = 20
"""Per engine; every fourth strikes two workers at once."""


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_r1_what_was_acknowledged_survives_kill_9(
    engine: str, new_world: NewWorld, crowd_of: Callable[[World], Crowd]
) -> None:
    world = new_world(engine)
    server = world.server
    crowd = crowd_of(world)
    dice = Random(engine)
    for number in range(KILLS):
        with Load(crowd.steps(), ends=(ConnectionLost, TruncatedResponse)) as load:
            load.wait_for(dice.randint(5, 120))
            server.kill()
        server.workers = 2 if number % 4 == 2 else 1
        server.start()
        crowd.verify()
    assert len(crowd.history.acknowledged()) > KILLS * 5
    crowd.settle()
    assert b"database is locked" not in server.log_text()


def test_r1_r15_a_killed_worker_is_replaced_without_affecting_the_other(
    new_world: NewWorld, new_clients: ClientsFactory
) -> None:
    world = new_world("sqlite", workers=2)
    probe = Probe(world)
    spared, struck_down = new_clients(world.server, 2)
    (victim,) = [pid for pid in workers(world.server) if serves(pid, struck_down)]
    asks = [*probe.reads().values(), probe.writes()["login"]]

    def use_everything() -> None:
        for ask in asks:
            ask(spared).expect(200)

    with Load([use_everything]) as load:
        load.wait_for_everybody()
        psutil.Process(victim).kill()
        world.server.wait_for_event("started", count=3)
        load.wait_for_everybody()
    with pytest.raises(ConnectionLost):
        probe.reads()["me"](struck_down)
    logout(spared, probe.session.access).expect(200)
    for client in new_clients(world.server, 4):
        me(client, probe.session.access).expect(401, "invalid_token")
    assert b"database is locked" not in world.server.log_text()


def workers(server: Server) -> list[int]:
    return [child.pid for child in psutil.Process(server.process.pid).children(recursive=True)]


def serves(pid: int, client: PersistentClient) -> bool:
    """Whether this process holds the other end of the connection."""
    here = client.local_port
    return any(held.raddr and held.raddr.port == here for held in psutil.Process(pid).net_connections("tcp"))
