"""Everything stays valid when an installation moves to the other engine, however often interrupted. Promise R13."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import DatabaseFactory, ServerFactory
from harness.clients import create_client, get_token, is_accepted, revoke, rotate
from harness.concurrency import seconds_until
from harness.databases import Database
from harness.people import login, logout, me, refresh, sign_in
from harness.processes import Process
from harness.rows import count_rows, execute, rows
from harness.server import Server
from harness.world import World

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
MANY = 30_000
FAILURES = """
insert into login_failures (key_digest, failures, blocked_until, last_failed_at)
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < {many})
select cast('x' || n as {binary}), 1, 0, {at} from numbers
"""


@pytest.fixture
def world(engine: str, fresh_world: Callable[..., World]) -> World:
    return fresh_world(engine)


@pytest.fixture
def target(engine: str, new_database: DatabaseFactory) -> Database:
    return new_database(OTHER[engine])


@pytest.fixture
def moved(world: World, target: Database, new_server: ServerFactory) -> Iterator[Server]:
    """A server with the keys and the address of the old one, on the target; not started."""
    server = new_server(database=target, vault=world.vault, LINKXG_PUBLIC_URL=world.server.url)
    server.data_dir = world.server.data_dir
    server.environment["LINKXG_DATA_DIR"] = str(world.server.data_dir)
    yield server
    server.close()


def arguments(world: World, target: Database, *more: str) -> list[str]:
    return ["copy", "--from", world.server.database.url, "--to", target.url, "--json", *more]


def test_r13_everything_stays_valid(world: World, target: Database, moved: Server) -> None:
    api, owner, oauth = world.api, world.owner, world.oauth
    person = world.person()
    live, over = sign_in(api, person), sign_in(api, person)
    token, revoked = get_token(api, oauth), get_token(api, oauth)
    rotated = rotate(api, oauth, owner.access, grace_period_seconds=3600).expect(200)
    logout(api, over.access).expect(200)
    revoke(api, oauth, revoked).expect(200)
    writer = world.new_client()
    made = api.post(
        "/products", bearer=get_token(api, writer), json={"sku": "MOVED-1", "content": {"name": "É 1"}}
    ).expect(201)
    wanted, key = {"client_name": "Made once", "scope": "products:read"}, {"Idempotency-Key": "moved"}
    client = api.post("/oauth/clients", bearer=owner.access, json=wanted, headers=key, reveals=True).expect(201)
    world.server.stop()

    report = json.loads(world.server.command(*arguments(world, target)))
    assert report["resumed_after"] == 0
    assert report["rows"]["users"] == 2

    moved.start()
    there = moved.client()
    me(there, live.access).expect(200)
    assert is_accepted(there, token)
    me(there, over.access).expect(401, "invalid_token")
    there.get("/products", bearer=revoked).expect(401, "invalid_token")
    refresh(there, over.refresh).expect(401, "invalid_token")
    refresh(there, live.refresh).expect(200)
    login(there, person.email, person.password).expect(200)
    get_token(there, oauth)
    get_token(there, world.oauth.__class__(oauth.client_id, rotated.object()["client_secret"], oauth.scope, ""))
    path = f"/products/{made.data()['id']}"
    assert there.get(path, bearer=get_token(there, writer)).expect(200).data()["content"]["name"] == "É 1"
    again = there.post("/oauth/clients", bearer=owner.access, json=wanted, headers=key, repeats=True).expect(201)
    assert again.object()["client_secret"] == client.object()["client_secret"]
    # New rows are numbered after the old ones, and what they revoke is heard.
    create_client(there, owner).expect(201)
    logout(there, owner.access).expect(200)
    me(there, owner.access).expect(401, "invalid_token")
    moved.command("audit", "verify")
    there.close()


def fill(world: World, engine: str) -> None:
    """More rows than are copied in a moment."""
    binary = "bytea" if engine == "postgres" else "blob"
    execute(world.server.database, FAILURES.format(binary=binary, at=9_000_000_000_000, many=MANY))


def interrupt(world: World, target: Database) -> int:
    """Begin to copy and kill the program when some of the rows are there; how many."""
    copying = Process(
        "copy",
        [sys.executable, "-m", "linkxg", *arguments(world, target)],
        environment=world.server.environment,
        working_directory=Path(world.server.data_dir).parent,
    )
    seconds_until(lambda: copied(target) > 0, within=60.0)
    copying.kill()
    found = copied(target)
    assert 0 < found < MANY
    return found


def copied(target: Database) -> int:
    try:
        return int(rows(target, "select count(*) from login_failures")[0][0])
    except Exception:  # noqa: BLE001  the table is not there yet
        return 0


def test_an_interrupted_copy_resumes_and_is_not_served_half_done(
    engine: str, world: World, target: Database, moved: Server
) -> None:
    fill(world, engine)
    world.server.stop()
    interrupt(world, target)
    assert b"a copy into this database is not complete" in moved.try_command("migrate").stderr
    process = moved.launch()
    assert process.wait() == 1
    moved.kill()
    report = json.loads(world.server.command(*arguments(world, target)))
    assert report["resumed_after"] > 0
    assert report["rows"]["login_failures"] == MANY
    moved.start()
    assert count_rows(moved.database, "login_failures") == MANY


def test_a_source_that_changed_between_attempts_is_detected(
    engine: str, world: World, target: Database, moved: Server
) -> None:
    fill(world, engine)
    world.server.stop()
    interrupt(world, target)
    world.server.start()
    execute(world.server.database, "update login_failures set failures = 7")
    world.server.stop()
    done = world.server.try_command(*arguments(world, target))
    assert done.returncode == 1
    assert b"use --restart" in done.stderr
    assert json.loads(world.server.command(*arguments(world, target, "--restart")))["resumed_after"] == 0
    moved.start()
    assert rows(target, "select min(failures) from login_failures") == [["7"]]


def test_harmful_copies_are_refused(world: World, target: Database, new_server: ServerFactory) -> None:
    def refusal(*asked: str) -> bytes:
        done = world.server.try_command(*asked)
        assert done.returncode == 1
        return done.stderr

    assert b"stop" in refusal(*arguments(world, target)), "the service runs"
    world.server.stop()
    source = world.server.database.url
    assert b"the same database" in refusal("copy", "--from", source, "--to", source)
    assert b"is not an address" in refusal("copy", "--from", "mysql://a/b", "--to", source)
    assert b"there is no database" in refusal("copy", "--from", "sqlite:////nowhere/linkxg.db", "--to", source)
    assert b"not empty" in refusal(*["copy", "--from", source, "--to", in_use(new_server).url])


def in_use(new_server: ServerFactory) -> Database:
    server = new_server("sqlite")
    server.bootstrap("Somebody else")
    return server.database


def test_a_running_service_is_detected_whatever_its_data_directory(new_server: ServerFactory, tmp_path: Path) -> None:
    running, other = new_server("sqlite"), new_server("sqlite")
    running.data_dir.chmod(0o700)
    running.bootstrap("Acme GmbH")
    running.command("backup", str(tmp_path / "backup"))
    running.start()
    target = f"sqlite:///{tmp_path}/copy.db"
    commands = [
        ["copy", "--from", running.database.url, "--to", target, "--data-dir", str(other.data_dir)],
        ["copy", "--from", target, "--to", running.database.url, "--data-dir", str(tmp_path / "none")],
    ]
    (tmp_path / "copy.db").touch(0o600)
    for command in commands:
        done = other.try_command(*command)
        assert (done.returncode, b"a service is running on" in done.stderr) == (1, True), done
    other.environment["LINKXG_DATABASE_URL"] = running.database.url
    done = other.try_command("restore", str(tmp_path / "backup"), "--replace")
    assert (done.returncode, b"a service is running on" in done.stderr) == (1, True), done
    running.stop()
    other.command(*commands[0])
    running.close()
