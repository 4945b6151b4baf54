"""The engines and the numbers of workers that the races run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conftest import ServerFactory
from harness.concurrency import PersistentClient, open_clients
from harness.databases import PostgresDatabase
from harness.password_hashes import FULL_COST
from harness.world import World, build_world
from races.things import Things, make_things

ARENAS = {"sqlite-1": ("sqlite", 1), "sqlite-2": ("sqlite", 2), "postgres-2": ("postgres", 2)}
# Where the check and the write are one transaction, several workers prove what one would.
SEVERAL_WORKERS = ("sqlite-2", "postgres-2")
ClientsFactory = Callable[[int], list[PersistentClient]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On every arena, or on those that the module names in RUNS_ON."""
    if "arena" in metafunc.fixturenames:
        names = getattr(metafunc.module, "RUNS_ON", ARENAS)
        metafunc.parametrize("arena", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def arena(request: pytest.FixtureRequest, new_server: ServerFactory) -> Iterator[World]:
    """A server with two accounts, limits out of the way; promise R15: no worker ever finds the database locked.

    A password that is being checked is part of many races.
    """
    engine, workers = ARENAS[request.param]
    built = build_world(new_server(engine, workers=workers, **FULL_COST))
    yield built
    built.close()
    try:
        assert built.server.log_events("fault") == []
        assert b"database is locked" not in built.server.log_text()
    finally:
        built.server.close()


@pytest.fixture(scope="session")
def things(arena: World) -> Things:
    """What refused requests are about; it stays as it is."""
    return make_things(arena)


@pytest.fixture
def new_clients(arena: World) -> Iterator[ClientsFactory]:
    """Opens that many connections, spread over the workers; neighbours are with different ones."""
    opened: list[PersistentClient] = []

    def make(count: int) -> list[PersistentClient]:
        opened.extend(made := open_clients(arena.server, count))
        return made

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def bound(arena: World) -> float:
    """Seconds after which a revocation is refused by every worker: promise R4."""
    return 1.0 if isinstance(arena.server.database, PostgresDatabase) else 0.05
