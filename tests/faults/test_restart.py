"""What a clean restart remembers, and what the service refuses to start on. Promises R1, R3 and R16."""

from __future__ import annotations

import json

import pytest

from conftest import DatabaseFactory, ServerFactory
from faults.conftest import ClientsFactory, NewWorld
from harness.clients import get_token, request_token, revoke, rotate, with_secret
from harness.concurrency import ask_concurrently
from harness.databases import PostgresDatabase
from harness.people import login, logout, me, refresh, sign_in
from harness.postgres import Cluster
from harness.rows import execute

FAILURES, FREE = 12, 5
HOUR_MS = 3_600_000


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_r16_failed_sign_ins_and_endings_outlive_a_restart(
    engine: str, new_world: NewWorld, new_clients: ClientsFactory
) -> None:
    world = new_world(engine, workers=2, LINKXG_LIMIT_SCALE="1")
    oauth, person = world.new_client(), world.person()
    over, going = sign_in(world.api, person), sign_in(world.api, world.account.owner)
    token, revoked = get_token(world.api, oauth), get_token(world.api, oauth)
    logout(world.api, over.access).expect(200)
    revoke(world.api, oauth, revoked).expect(200)
    rotated = with_secret(oauth, rotate(world.api, oauth, going.access).expect(200))
    guesses = ask_concurrently(
        new_clients(world.server, FAILURES), lambda client: login(client, person.email, world.vault.password())
    )
    statuses = [answer.status for answer in guesses]
    assert statuses.count(401) >= FREE
    assert set(statuses) == {401, 429}
    # The wait after the last free guess is a second, which the restart outlives: as if there had been many more.
    execute(world.server.database, f"update login_failures set blocked_until = blocked_until + {HOUR_MS}")
    login(world.api, person.email, person.password).expect(429, "rate_limit_exceeded")

    world.server.restart()
    for client in new_clients(world.server, 2):
        login(client, person.email, person.password).expect(429, "rate_limit_exceeded")
        me(client, over.access).expect(401, "invalid_token")
        client.get("/products", bearer=revoked).expect(401, "invalid_token")
        client.get("/products", bearer=token).expect(200)
        request_token(client, oauth).expect(401, "invalid_client")
        request_token(client, rotated).expect(200)
        me(client, going.access).expect(200)
    refresh(world.api, over.refresh).expect(401, "invalid_token")
    refresh(world.api, going.refresh).expect(200)


def test_r1_a_postgres_that_may_lose_commits_is_refused(
    cluster: Cluster, new_database: DatabaseFactory, new_server: ServerFactory
) -> None:
    database = new_database("postgres")
    assert isinstance(database, PostgresDatabase)
    name = database.url.rpartition("/")[2]
    cluster.query(database.url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    server = new_server(database=database)
    process = server.launch()
    assert process.wait() != 0
    said, logged = process.lines()
    assert "synchronous_commit" in said
    event = json.loads(logged)
    assert event["event"] == "start.failed"
    assert "synchronous_commit" in event["reason"]
