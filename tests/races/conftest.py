"""On which engines, and with how many workers, do the races run?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conftest import ServerFactory
from harness.databases import PostgresDatabase
from harness.load import Line, connected
from harness.world import World, build_world
from races.writing_routes import Things, make_things

ARENAS = {"sqlite-1": ("sqlite", 1), "sqlite-2": ("sqlite", 2), "postgres-2": ("postgres", 2)}
# Where several workers prove what one would: the check and the write are one transaction.
SHARED = pytest.mark.parametrize("arena", ["sqlite-2", "postgres-2"], indirect=True, scope="session")
Lines = Callable[[int], list[Line]]


@pytest.fixture(scope="session", params=ARENAS)
def arena(request: pytest.FixtureRequest, new_server: ServerFactory) -> Iterator[World]:
    """A server with two accounts, limits out of the way; R15: no worker ever finds the database locked."""
    engine, workers = ARENAS[request.param]
    built = build_world(new_server(engine, workers=workers))
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
def lines(arena: World) -> Iterator[Lines]:
    """Opens that many connections, spread over the workers; neighbours are with different ones."""
    opened: list[Line] = []

    def open_lines(count: int) -> list[Line]:
        opened.extend(made := connected(arena.server, count))
        return made

    yield open_lines
    for line in opened:
        line.close()


@pytest.fixture
def bound(arena: World) -> float:
    """Seconds after which a revocation is refused by every worker: R4 with the numbers decided for R4/R5."""
    return 1.0 if isinstance(arena.server.database, PostgresDatabase) else 0.05
