"""How soon the other worker of a node, and other nodes, refuse what was revoked. Promises R4 and R5."""

from __future__ import annotations

import math
import os
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from conftest import GENERAL, DatabaseFactory
from faults.conftest import ClientsFactory, NewWorld
from faults.probe import Probe
from faults.revocations import EVERY_REVOCATION, Revocation, token_revoked
from faults.test_kill import serves, workers
from harness.clients import introspect
from harness.concurrency import PersistentClient, open_clients, seconds_until
from harness.databases import PostgresDatabase
from harness.nodes import Nodes
from harness.people import me
from harness.postgres import Cluster
from harness.server import Server
from harness.vault import Vault
from harness.world import World, build_world

REVOCATIONS = 200
ROUNDS = 2
VISIBLE_S = 1.0
"""In which every node knows of a revocation on a busy machine (promise R4); for an idle one see `bench`."""
STALE_S = 5.0
BUSY_S = 1.0
"""What a busy machine may need to say that a wait is over."""
SOCKETS = ".workers"


class Site:
    """Two workers of one node, and another node. The data directory is deeper than the path of a socket may be long."""

    def __init__(self, directory: Path, database: DatabaseFactory) -> None:
        deep = directory / "/".join(["a-directory-with-a-long-name"] * 5)
        deep.mkdir(parents=True)
        self.nodes = Nodes(deep, database("postgres"), Vault(), GENERAL)
        self.node = self.nodes.add(workers=2)
        self.world = build_world(self.node)
        self.second = self.nodes.add().start()
        self.pair = open_clients(self.node, 2)
        self.abroad = PersistentClient(self.second)

    def close(self) -> None:
        for client in (*self.pair, self.abroad):
            client.close()
        self.world.close()
        self.nodes.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, new_database: DatabaseFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"), new_database)
    yield made
    made.close()


def revoke_and_time(site: Site, made: Revocation, turn: int) -> tuple[bool, float]:
    """(whether the other worker refused at once, after how many seconds the other node did)."""
    here, neighbour = site.pair if turn % 2 else reversed(site.pair)
    for client in (neighbour, site.abroad):
        assert not made.is_refused(client)
    made.act(here)
    answered = time.monotonic()
    refused = made.is_refused(neighbour)
    assert made.is_refused(here)
    seconds_until(lambda: made.is_refused(site.abroad), within=VISIBLE_S)
    return refused, time.monotonic() - answered


@pytest.mark.parametrize("kind", EVERY_REVOCATION, ids=lambda kind: str(kind.__name__))
def test_r4_the_other_worker_rejects_from_the_response_on(site: Site, kind: Callable[[World], Revocation]) -> None:
    assert [revoke_and_time(site, kind(site.world), turn)[0] for turn in range(ROUNDS)] == [True] * ROUNDS


def test_r4_no_revocation_of_hundreds_is_unknown_to_the_other_worker(site: Site) -> None:
    """The delays of the other node, two requests of this node included, are written out (`pytest -s`)."""
    found = [revoke_and_time(site, token_revoked(site.world), turn) for turn in range(REVOCATIONS)]
    delays = sorted(seconds * 1000 for _, seconds in found)
    at_p99 = delays[math.ceil(0.99 * len(delays)) - 1]
    sys.stdout.write(f"the other node: median {statistics.median(delays):.1f} ms, p99 {at_p99:.1f} ms\n")
    accepted = sum(not refused for refused, _ in found)
    assert accepted == 0, f"{accepted} of {REVOCATIONS} were still accepted by the other worker"


def test_r6_a_stopped_worker_delays_a_revocation_only_briefly(site: Site) -> None:
    """And it refuses once it goes on: what it missed waits for it."""
    probe = Probe(site.world)
    still, going = site.pair
    me(still, probe.session.access).expect(200)
    (victim,) = [pid for pid in workers(site.node) if serves(pid, still)]
    psutil.Process(victim).suspend()
    try:
        answer = probe.writes()["logout"](going).expect(200)
    finally:
        psutil.Process(victim).resume()
    assert answer.seconds < BUSY_S
    seconds_until(lambda: me(still, probe.session.access).status == 401, within=VISIBLE_S)
    assert site.node.log_events("worker.died") == []


def sockets(server: Server) -> set[str]:
    return set(os.listdir(server.data_dir / SOCKETS))


def test_malformed_messages_break_no_worker(site: Site) -> None:
    probe = Probe(site.world)
    descriptor = os.open(site.node.data_dir / SOCKETS, os.O_RDONLY)
    for name in sockets(site.node):
        for content in (b"\x00", b"{}", os.urandom(4_096)):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as end:
                end.connect(f"/proc/self/fd/{descriptor}/{name}")
                end.send(content)
    os.close(descriptor)
    here, neighbour = site.pair
    probe.writes()["logout"](here).expect(200)
    me(neighbour, probe.session.access).expect(401, "invalid_token")
    assert site.node.log_events("worker.died") == []


def test_r4_a_retired_key_is_invalid_on_every_worker_when_the_command_ends(site: Site) -> None:
    """The command is a process of its own; it ends every session of the site, so no test after it has one."""
    probe = Probe(site.world)
    assert not any(is_refused(client, probe.token) for client in site.pair)
    (old,) = {key["kid"] for key in site.node.signing_keys()}
    site.node.command("keys", "rotate", "--now")
    site.node.command("keys", "retire", str(old))
    assert [is_refused(client, probe.token) for client in site.pair] == [True, True]


def is_refused(client: PersistentClient, token: str) -> bool:
    return client.get("/products", bearer=token).status == 401


def test_sockets_are_private_and_those_of_killed_workers_are_removed(site: Site) -> None:
    server = site.second
    folder = server.data_dir / SOCKETS
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    before = sockets(server)
    server.kill()
    assert sockets(server) == before
    for name in before:
        os.utime(folder / name, (0, 0))
    server.start()
    assert len(sockets(server)) == server.workers
    assert not sockets(server) & before
    server.stop()
    assert sockets(server) == set()
    server.start()


@pytest.mark.parametrize("planted", ["link", "open", "file"])
def test_a_directory_of_sockets_that_others_could_use_is_refused(planted: str, site: Site, tmp_path: Path) -> None:
    server = site.nodes.add()
    folder = server.data_dir / SOCKETS
    if planted == "link":
        folder.symlink_to(tmp_path)
    elif planted == "open":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        folder.touch()
    process = server.launch()
    assert process.wait() == 1
    assert str(folder) in process.tail()
    assert "Traceback" not in process.tail()
    server.kill()


def test_r5_introspection_never_says_active_once_the_feed_is_older_than_its_bound(
    own_cluster: Cluster, new_world: NewWorld, new_clients: ClientsFactory
) -> None:
    """Every connection stays open and nothing comes: only what was read says how old the feed is."""
    world = new_world("postgres", database=PostgresDatabase(own_cluster, own_cluster.new_database()))
    (client,) = new_clients(world.server, faulty=True)
    probe = Probe(world)
    introspect(client, probe.oauth, probe.token).expect(200)
    silent_at = time.monotonic()
    own_cluster.pause()
    try:
        seconds_until(lambda: introspect(client, probe.oauth, probe.token).status == 503, within=STALE_S + BUSY_S)
        assert time.monotonic() - silent_at < STALE_S + BUSY_S
        for name in ("introspect", "products", "me"):
            probe.reads()[name](client).expect(503, "temporarily_unavailable")
    finally:
        own_cluster.resume()
    seconds_until(lambda: introspect(client, probe.oauth, probe.token).status == 200, within=STALE_S)
