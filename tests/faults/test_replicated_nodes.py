"""Two nodes on a replicated PostgreSQL while parts of it break. Promises R1 to R6, R9, R18 and R19.

People and machines change things at one node and use them at the other; what each of them heard is held together at the
end. Each test heals what it breaks, so that the next one finds two nodes, a primary and a standby.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from conftest import GENERAL
from faults.actors import AUDITED
from faults.conftest import Crowd
from faults.probe import Probe
from harness import postgres
from harness.answers import Answer
from harness.clients import get_token, revoke
from harness.concurrency import Load, PersistentClient, seconds_until
from harness.history import Operation
from harness.nodes import Nodes
from harness.people import logout, me, sign_in
from harness.proxy import Proxy
from harness.replication import ReplicatedDatabase
from harness.server import Server
from harness.vault import Vault
from harness.world import World, build_world

STALE_S = 5.0
"""A node that has not heard from the database for so long refuses: promises R4 and R5."""
VISIBLE_S = 1.0
RECOVERY_S = 30.0
PAUSE_S = 5.0
MakeCrowd = Callable[[World], Crowd]


class Installation:
    """Two nodes, the second of which reaches both database servers through proxies."""

    def __init__(self, directory: Path) -> None:
        self.database = ReplicatedDatabase()
        self.proxies = [Proxy(port).start() for port in self.database.ports]
        nodes = Nodes(directory, self.database, Vault(), GENERAL)
        self._nodes = nodes
        self.world = build_world(nodes.add())
        around = self.database.address([proxy.port for proxy in self.proxies])
        self.second = nodes.add(LINKXG_DATABASE_URL=around).start()

    @property
    def first(self) -> Server:
        return self.world.server

    def crowd(self, make: MakeCrowd) -> Crowd:
        crowd = make(self.world)
        crowd.live_between(self.first, self.second)
        return crowd

    def cut(self) -> None:
        for proxy in self.proxies:
            proxy.cut()

    def heal(self) -> None:
        for proxy in self.proxies:
            proxy.heal()

    def wait_until_ready(self) -> None:
        for server in (self.first, self.second):
            client = PersistentClient(server, faulty=True)
            seconds_until(lambda: client.get("//readyz").status == 200, within=RECOVERY_S)  # noqa: B023
            client.close()

    def close(self) -> None:
        self.world.close()
        self._nodes.close()
        for proxy in self.proxies:
            proxy.stop()
        self.database.remove()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    if postgres.binaries() is None:
        pytest.skip(postgres.ABSENT)
    made = Installation(tmp_path_factory.mktemp("installation"))
    yield made
    made.close()


def settle(installation: Installation, crowd: Crowd) -> None:
    installation.wait_until_ready()
    crowd.expect_faults(False)
    crowd.settle(STALE_S)
    assert installation.second.log_events("fault") == []


def changes(crowd: Crowd, since: float, until: float) -> list[Operation]:
    """What was asked for and acknowledged as done in this time."""
    changing = {"refresh", *AUDITED}
    return [
        done
        for done in crowd.history.acknowledged()
        if since < done.invoked_at and done.returned_at < until and done.name in changing
    ]


def test_r1_nothing_acknowledged_is_lost_when_a_standby_takes_over(
    installation: Installation, crowd_of: MakeCrowd
) -> None:
    """Not one 2xx without a commit, and not one acknowledged ending lost with the primary."""
    crowd = installation.crowd(crowd_of)
    crowd.expect_faults(True)
    with Load(crowd.steps(roaming=True)) as load:
        load.wait_for(100)
        installation.database.cluster.crash()
        gone_at = time.monotonic()
        load.wait_for_everybody()
        promoted_at = time.monotonic()
        installation.database.standby.promote()
        installation.wait_until_ready()
        load.wait_for_everybody(2)
    assert [str(done) for done in changes(crowd, gone_at, promoted_at)] == []
    assert changes(crowd, promoted_at, time.monotonic()), "both nodes go on with the new primary"
    installation.database.replace_standby()
    settle(installation, crowd)


def test_r9_a_node_dies_and_the_other_keeps_serving(installation: Installation, crowd_of: MakeCrowd) -> None:
    crowd = installation.crowd(crowd_of)
    with Load(crowd.steps(roaming=True)) as load:
        for server in (installation.second, installation.first):
            load.wait_for(60)
            server.kill()
            load.wait_for_everybody()
            server.start()
            load.wait_for_everybody()
    settle(installation, crowd)


def test_r5_a_node_that_is_cut_off_from_the_database_answers_nothing_wrongly(
    installation: Installation, crowd_of: MakeCrowd
) -> None:
    """The other one goes on; what was ended meanwhile is known to both before the lonely one answers again."""
    crowd, world = installation.crowd(crowd_of), installation.world
    probe, lonely = Probe(world), PersistentClient(installation.second, faulty=True)
    session, token = sign_in(world.api, world.person()), get_token(world.api, probe.oauth)
    me(lonely, session.access).expect(200)
    crowd.expect_faults(True)
    with Load(crowd.steps(roaming=True)) as load:
        load.wait_for(60)
        installation.cut()
        try:
            insist(installation, lambda client: logout(client, session.access))
            insist(installation, lambda client: revoke(client, probe.oauth, token))
            seconds_until(lambda: me(lonely, session.access).status == 503, within=STALE_S + VISIBLE_S)
            lonely.get("/products", bearer=token).expect(503, "temporarily_unavailable")
            lonely.get("//healthz").expect(200)
            load.wait_for_everybody()
        finally:
            installation.heal()
        for path, ended in (("/auth/me", session.access), ("/products", token)):
            seconds_until(lambda: is_refused(lonely, path, ended), within=RECOVERY_S)  # noqa: B023
        load.wait_for_everybody()
    lonely.close()
    settle(installation, crowd)


def insist(installation: Installation, ask: Callable[[PersistentClient], Answer]) -> None:
    """Have the first node end something. What the other node has locked in this account is free within seconds."""
    client = PersistentClient(installation.first, faulty=True)
    seconds_until(lambda: ask(client).status in {200, 401}, within=RECOVERY_S)
    client.close()


def is_refused(client: PersistentClient, path: str, token: str) -> bool:
    answer = client.get(path, bearer=token)
    answer.expect_one_of((401, "invalid_token"), (503, "temporarily_unavailable"))
    return answer.status == 401


def test_r6_a_node_that_was_stopped_for_seconds_answers_correctly_when_resumed(
    installation: Installation, crowd_of: MakeCrowd
) -> None:
    crowd, world = installation.crowd(crowd_of), installation.world
    session = sign_in(world.api, world.person())
    still = PersistentClient(installation.second, faulty=True)
    me(still, session.access).expect(200)
    crowd.expect_faults(True)
    process = psutil.Process(installation.second.process.pid)
    with Load(crowd.steps(roaming=True)) as load:
        load.wait_for(60)
        process.suspend()
        stopped_at = time.monotonic()
        try:
            insist(installation, lambda client: logout(client, session.access))
            seconds_until(lambda: time.monotonic() - stopped_at > PAUSE_S + VISIBLE_S, within=2 * PAUSE_S)
        finally:
            process.resume()
        # Later than the feed may be stale: not even the first answer is the one of before.
        assert me(still, session.access).status in {401, 503}
        load.wait_for_everybody()
    still.close()
    settle(installation, crowd)
