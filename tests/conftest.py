"""Which servers and databases do the tests share, and who looks for leaked secrets at the end?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import postgres, redis
from harness.canaries import leaks
from harness.client import Client
from harness.databases import Database, PostgresDatabase, SqliteDatabase
from harness.postgres import Cluster
from harness.redis import KeyValueServer
from harness.server import Server
from harness.smtp_sink import SmtpSink
from harness.vault import Vault
from harness.world import World, build_world

ENGINES = ("sqlite", "postgres")
GENERAL = {"LINKXG_LIMIT_SCALE": "1000"}
ServerFactory = Callable[..., Server]
DatabaseFactory = Callable[[str], Database]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a run of several processes the servers of an engine belong to one of them; other tests go by their folder."""
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        item.add_marker(pytest.mark.xdist_group(parameters.get("engine", item.path.parent.name)))


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The database engine: every test that uses it runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The PostgreSQL server of this run."""
    if postgres.binaries() is None:
        pytest.skip(postgres.ABSENT)
    started = Cluster().start()
    yield started
    started.remove()


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
    """Rule 115: no secret of the run is in the log, the metrics, the database or a backup."""
    found = leaks(server, with_backup=with_backup)
    assert not found, f"secrets came to rest: {found}"


@pytest.fixture(scope="session")
def world(engine: str, new_server: ServerFactory) -> Iterator[World]:
    """The general server of this engine; limits are out of the way."""
    built = build_world(new_server(engine))
    yield built
    built.close()
    try:
        assert_no_leaks(built.server)
    finally:
        built.server.close()


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
