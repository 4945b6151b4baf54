"""Several workers when one of them or their supervisor fails, or all are replaced. Promises R9 and R15."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from functools import partial

import psutil
import pytest

from faults.conftest import ClientsFactory, NewWorld
from faults.probe import Probe
from faults.test_kill import serves, workers
from harness.answers import Answer
from harness.concurrency import ConnectionLost, Load, PersistentClient, seconds_until
from harness.databases import PostgresDatabase
from harness.people import me
from harness.postgres import Cluster
from harness.server import Server
from harness.world import World

ASKED = "/.well-known/jwks.json"
COUNT = re.compile(rb'linkxg_requests_total\{method="GET",route="%b",status="200"\} (\d+)' % ASKED.encode())
SOON_S = 30.0
SILENT_S = 30.0


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world("sqlite", workers=2)


def reload(server: Server, times: int = 1) -> None:
    server.process.signal(signal.SIGHUP)
    server.wait_for_event("reloaded", count=times)


def on_new_connections(server: Server, ask: Callable[[PersistentClient], Answer]) -> Callable[[], None]:
    """A caller that connects for each of its requests."""

    def step() -> None:
        client = PersistentClient(server)
        ask(client).expect(200)
        client.close()

    return step


def staying(client: PersistentClient, ask: Callable[[PersistentClient], Answer]) -> Callable[[], None]:
    """A caller whose connection stays open for as long as the service lets it."""

    def step() -> None:
        answer = ask(client).expect(200)
        if answer.header("connection") == "close":
            client.close()

    return step


def test_r9_a_reload_rejects_no_request(world: World, new_clients: ClientsFactory) -> None:
    """Not one request goes without its answer while every worker is replaced, twice."""
    server, probe = world.server, Probe(world)
    before = set(workers(server))
    ask = probe.reads()["me"]
    callers = [on_new_connections(server, ask), on_new_connections(server, probe.reads()["token"])]
    with Load([*callers, *(staying(client, ask) for client in new_clients(server, 4))]) as load:
        for times in (1, 2):
            load.wait_for_everybody()
            reload(server, times)
            load.wait_for_everybody()
    after = set(workers(server))
    assert not before & after
    assert len(after) == server.workers
    assert server.log_events("worker.died") == []


def test_a_reload_that_cannot_start_leaves_the_workers_as_they_are(world: World, new_clients: ClientsFactory) -> None:
    server, keys = world.server, world.server.data_dir / "keys.json"
    before = set(workers(server))
    (client,) = new_clients(server)
    keys.chmod(0o644)
    server.process.signal(signal.SIGHUP)
    server.wait_for_event("reload.failed")
    assert set(workers(server)) == before
    client.get("//readyz").expect(200)
    keys.chmod(0o600)
    reload(server)
    assert not before & set(workers(server))


def reports(client: PersistentClient, count: int) -> bool:
    """Whether the worker of this client reports so many requests for the key set, over all workers."""
    found = COUNT.search(client.get("//metrics").expect(200).body)
    assert found is None or int(found[1]) <= count
    return found is not None and int(found[1]) == count


def test_metrics_are_those_of_all_workers(world: World, new_clients: ClientsFactory) -> None:
    server = world.server
    here, there = new_clients(server, 2)
    for number in range(1, 11):
        (here, there)[number % 2].get(f"/{ASKED}").expect(200)
        # A worker shows the counts that the other one last reported, at most a second ago.
        seconds_until(partial(reports, here, number), within=SOON_S)
    assert reports(there, 10)
    (victim,) = [pid for pid in workers(server) if serves(pid, there)]
    psutil.Process(victim).kill()
    server.wait_for_event("worker.died")
    assert reports(here, 10), "the counts of a dead worker are kept"
    here.get(f"/{ASKED}").expect(200)
    reload(server)
    (client,) = new_clients(server)
    text = client.get("//metrics").expect(200).body
    assert COUNT.findall(text) == [b"11"], "a worker that stops in order reports everything it has counted"
    assert b"\nlinkxg_workers 2.0\n" in text
    assert b"\nlinkxg_workers_replaced 1.0\n" in text


def test_workers_end_with_their_supervisor(world: World) -> None:
    server = world.server
    left = [psutil.Process(pid) for pid in workers(server)]
    assert len(left) == server.workers
    os.kill(server.process.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(left, timeout=SOON_S)
    assert alive == []
    with pytest.raises(ConnectionLost):
        PersistentClient(server).connect()


def test_a_stopped_worker_delays_no_other(world: World, new_clients: ClientsFactory) -> None:
    """Promise R6: then it continues, and from its first answer on it rejects what was revoked meanwhile."""
    server, probe = world.server, Probe(world)
    still, going = new_clients(server, 2)
    me(still, probe.session.access).expect(200)
    (victim,) = [pid for pid in workers(server) if serves(pid, still)]
    psutil.Process(victim).suspend()
    try:
        asks = [*probe.reads().values(), probe.writes()["login"]]
        for ask in asks:
            ask(going).expect(200)
        probe.writes()["logout"](going).expect(200)
    finally:
        psutil.Process(victim).resume()
    me(still, probe.session.access).expect(401, "invalid_token")
    assert server.log_events("worker.died") == []


def test_a_worker_without_heartbeat_is_killed_and_replaced(world: World, new_clients: ClientsFactory) -> None:
    server = world.server
    still, _ = new_clients(server, 2)
    (victim,) = [pid for pid in workers(server) if serves(pid, still)]
    psutil.Process(victim).suspend()
    (silent,) = server.wait_for_event("worker.silent", timeout=SILENT_S + SOON_S)
    assert silent["pid"] == victim
    server.wait_for_event("started", count=3)
    assert victim not in workers(server)
    assert len(new_clients(server, 2)) == len(workers(server)) == server.workers


def test_r5_a_worker_that_dies_while_the_database_is_gone_is_replaced_when_it_is_back(
    own_cluster: Cluster, new_world: NewWorld, new_clients: ClientsFactory
) -> None:
    world = new_world("postgres", workers=2, database=PostgresDatabase(own_cluster, own_cluster.new_database()))
    server = world.server
    (client,) = new_clients(server, faulty=True)
    (victim, *_) = [pid for pid in workers(server) if not serves(pid, client)]
    own_cluster.crash()
    psutil.Process(victim).kill()
    # The second to die is the successor, which cannot start.
    server.wait_for_event("worker.died", count=2)
    client.get("//healthz").expect(200)
    own_cluster.start()
    server.wait_for_event("started", count=3)
    seconds_until(lambda: client.get("//readyz").status == 200, within=SOON_S)
