"""The servers that faults strike, and the crowd that uses them meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conftest import ServerFactory, running_cluster
from faults.actors import AUDITED, MachineActor, PersonActor
from faults.trail_consistency import differences
from harness.concurrency import PersistentClient, open_clients
from harness.history import AuditRow, History, forks, resurrections, trail_differences
from harness.password_hashes import FULL_COST
from harness.postgres import Cluster
from harness.rows import trail
from harness.server import Server
from harness.world import World, build_world

PEOPLE, MACHINES = 6, 4
NewWorld = Callable[..., World]
ClientsFactory = Callable[..., list[PersistentClient]]


class Crowd:
    """People and machines of one account, and everything that they heard."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.history = History()
        self.actors: list[PersonActor | MachineActor] = [
            *(PersonActor(f"person {n}", world, self.history, world.person("ADMIN")) for n in range(PEOPLE)),
            *(MachineActor(f"machine {n}", world, self.history, world.new_client()) for n in range(MACHINES)),
        ]

    def live_between(self, one: Server, other: Server) -> None:
        """Half of them change things at the one and ask at the other, and half the other way round."""
        for number, actor in enumerate(self.actors):
            actor.live_between(*((one, other) if number % 2 else (other, one)))

    def steps(self, *, roaming: bool = False) -> list[Callable[[], None]]:
        return [actor.roam if roaming else actor.step for actor in self.actors]

    def expect_faults(self, on: bool) -> None:
        """Whether 503 is an answer like any other for now."""
        for actor in self.actors:
            actor.client.faulty = actor.abroad.faulty = on

    def verify(self) -> None:
        """Whatever was acknowledged as ended since the last check is ended, also on new connections."""
        for actor in self.actors:
            actor.close()
            actor.verify()

    def settle(self, bound: float = 0.0) -> None:
        """At quiescence everything fits together: chains, endings, rows and trail (promises R1, R2, R3 and R19).

        `bound` is in how many seconds another node has to know of an ending (promise R4).
        """
        self.verify()
        for actor in self.actors:
            actor.finish()
        server = self.world.server
        assert forks(self.history) == []
        assert resurrections(self.history, bound) == []
        assert trail_differences(self.history, self._audit_rows(), AUDITED) == []
        assert differences(server.database) == []
        server.command("audit", "verify")
        assert server.log_events("fault") == []

    def _audit_rows(self) -> list[AuditRow]:
        """The audit events of these people and machines."""
        ours = {actor.id for actor in self.actors}
        rows = trail(self.world.server.database, self.world.account.account_id)
        return [row for row in rows if row.actor in ours or row.target in ours]

    def close(self) -> None:
        for actor in self.actors:
            actor.close()


@pytest.fixture
def new_world(new_server: ServerFactory) -> Iterator[NewWorld]:
    """Makes a started server with one account."""
    made: list[World] = []

    def make(engine: str, **options: object) -> World:
        made.append(build_world(new_server(engine, **FULL_COST, **options)))
        return made[-1]

    yield make
    for world in made:
        world.close()
        world.server.close()


@pytest.fixture
def new_clients() -> Iterator[ClientsFactory]:
    """Opens that many connections to a server, spread over its workers."""
    opened: list[PersistentClient] = []

    def make(server: Server, number: int = 1, *, faulty: bool = False) -> list[PersistentClient]:
        made = open_clients(server, number)
        for client in made:
            client.faulty = faulty
        opened.extend(made)
        return made

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL that only this test breaks."""
    yield from running_cluster()


@pytest.fixture
def crowd_of() -> Iterator[Callable[[World], Crowd]]:
    """Makes the crowd of a server."""
    made: list[Crowd] = []

    def make(world: World) -> Crowd:
        made.append(Crowd(world))
        return made[-1]

    yield make
    for crowd in made:
        crowd.close()
