"""The servers and databases that tests share, and the search for leaked secrets at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer

from harness import postgres, redis
from harness.client import Client
from harness.databases import Database, PostgresDatabase, SqliteDatabase
from harness.postgres import Cluster
from harness.redis import KeyValueServer
from harness.scheduling import ByFileAndTopology
from harness.secret_leaks import leaks
from harness.server import Server
from harness.smtp_sink import SmtpSink
from harness.topologies import DEFAULT, WIDER, Topology, client_for, start_another_node
from harness.vault import Vault
from harness.world import World, build_world
from network.sharing import end_shares

MEMORY = Path("/dev/shm")
LEAST_FREE = 8 << 30
# Every commit waits for the disk. The durability tests kill processes, not the machine: what they wrote stays.
if "TMPDIR" not in os.environ and MEMORY.is_mount() and shutil.disk_usage(MEMORY).free > LEAST_FREE:
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None

ENGINES = ("sqlite", "postgres")
BLACK_BOX = {"api", "attacks", "products", "console"}
ALWAYS_WIDER = {"api"}
GENERAL = {"LINKXG_LIMIT_SCALE": "1000", "LINKXG_SIGN_UP": "invited"}
ServerFactory = Callable[..., Server]
DatabaseFactory = Callable[[str], Database]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--wider-topologies",
        action="store_true",
        help="Run the black-box tests of the general server on several workers and several nodes, and nothing else.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The contract's own tests run on every topology each time, the rest of the black-box suite when asked."""
    if "topology" not in metafunc.fixturenames:
        return
    package = str(metafunc.module.__name__).partition(".")[0]
    wider = WIDER if "world" in metafunc.fixturenames and package in BLACK_BOX else ()
    if metafunc.config.getoption("--wider-topologies"):
        found: tuple[Topology, ...] = wider
    elif metafunc.definition.get_closest_marker("any_engine"):
        found = DEFAULT[:1]
    else:
        found = DEFAULT + (wider if package in ALWAYS_WIDER else ())
    metafunc.parametrize("topology", found, ids=[each.name for each in found], indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--wider-topologies"):
        names = [topology.name for topology in WIDER]
        items[:] = [item for item in items if any(name in item.name for name in names)]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFileAndTopology:
    config.option.loadscopereorder = False
    return ByFileAndTopology(config, log)


@pytest.fixture(scope="session")
def topology(request: pytest.FixtureRequest) -> Topology:
    """Engine, workers and nodes of the general server."""
    found: Topology = request.param
    return found


@pytest.fixture(scope="session")
def engine(topology: Topology) -> str:
    """The database engine: every test that uses it runs on both (promise R14)."""
    return topology.engine


def running_cluster() -> Iterator[Cluster]:
    """For a fixture to yield from: a PostgreSQL server of its own."""
    if postgres.binaries() is None:
        pytest.skip(postgres.ABSENT)
    started = Cluster().start()
    yield started
    started.remove()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The PostgreSQL server of this run."""
    yield from running_cluster()


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DatabaseFactory:
    """Makes an empty database of the given engine."""

    def make(engine: str) -> Database:
        if engine == "postgres":
            running: Cluster = request.getfixturevalue("cluster")
            return PostgresDatabase(running, running.new_database())
        return SqliteDatabase(tmp_path_factory.mktemp("sqlite") / "linkxg.db")

    return make


@pytest.fixture(scope="session")
def new_server(new_database: DatabaseFactory, tmp_path_factory: pytest.TempPathFactory) -> ServerFactory:
    """Makes a server that is not started yet; whoever asks closes it."""

    def make(engine: str = "sqlite", *, vault: Vault | None = None, workers: int = 1,
             database: Database | None = None, **settings: str) -> Server:  # fmt: skip
        return Server(
            tmp_path_factory.mktemp("server"),
            database or new_database(engine),
            vault or Vault(),
            workers=workers,
            settings=GENERAL | settings,
        )

    return make


def assert_no_leaks(server: Server, *, with_backup: bool = True) -> None:
    """Security rule 115: no secret of the run is in the log, the metrics, the database or a backup."""
    found = leaks(server, with_backup=with_backup)
    assert not found, f"secrets came to rest: {found}"


def checked_for_leaks(built: World, others: Sequence[Server] = ()) -> Iterator[World]:
    """For a fixture to yield from: the world, on whose servers no secret may have come to rest at the end."""
    yield built
    built.close()
    servers = (built.server, *others)
    try:
        for server in servers:
            assert_no_leaks(server)
    finally:
        for server in servers:
            server.close()


def general_world(
    topology: Topology, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory, **settings: str
) -> Iterator[World]:
    """For a fixture to yield from: a server of this topology; limits are out of the way."""
    others: list[Server] = []

    def connect(server: Server) -> Client:
        for _ in range(topology.nodes - 1):
            others.append(start_another_node(tmp_path_factory.mktemp("node"), server, GENERAL | settings))
        return client_for([server, *others], topology.workers)

    built = build_world(new_server(topology.engine, workers=topology.workers, **settings), connect=connect)
    yield from checked_for_leaks(built, others)


@pytest.fixture(scope="session")
def world(topology: Topology, new_server: ServerFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The general server of this topology."""
    yield from general_world(topology, new_server, tmp_path_factory)


@pytest.fixture
def api(world: World) -> Client:
    """The general server's checking client."""
    return world.api


@pytest.fixture
def fresh_server(new_server: ServerFactory) -> Iterator[ServerFactory]:
    """Makes servers with settings of their own; ended, after a look for leaks, when the test is over."""
    made: list[Server] = []

    def make(*arguments: Any, **options: Any) -> Server:
        made.append(new_server(*arguments, **options))
        return made[-1]

    yield make
    try:
        for server in made:
            if server.running:
                # A backup holds what the database holds; making one takes longer than many of these tests.
                assert_no_leaks(server, with_backup=False)
    finally:
        for server in made:
            server.close()


@pytest.fixture
def fresh_world(fresh_server: ServerFactory) -> Iterator[Callable[..., World]]:
    """Makes started servers with settings of their own."""
    made: list[World] = []

    def make(*arguments: Any, source: str | None = None, **options: Any) -> World:
        made.append(build_world(fresh_server(*arguments, **options), source))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def key_value_server(tmp_path: Path) -> Iterator[KeyValueServer]:
    """A Redis or Valkey for shared limits."""
    if redis.binary() is None:
        pytest.skip(redis.ABSENT)
    started = KeyValueServer(tmp_path).start()
    yield started
    started.stop()


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A mail server that keeps what it gets."""
    sink = SmtpSink().start()
    yield sink
    sink.stop()


@pytest.fixture
def without_shares(world: World) -> None:
    """Nothing is shared when the test begins, whatever other tests left."""
    end_shares(world)
