"""Answers while PostgreSQL is gone, silent or locked, and the recovery after it. Promises R5, R6 and R10."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from faults.conftest import ClientsFactory, Crowd, NewWorld
from faults.probe import Probe
from harness.clients import request_token
from harness.concurrency import Load, PersistentClient, seconds_until
from harness.databases import PostgresDatabase
from harness.people import me
from harness.postgres import Cluster
from harness.rows import count
from harness.world import World

STALE_S = 5.0
"""Whatever needs the invalidation feed is refused once it has not been heard for so long."""
RECOVERY_S = 5.0
DEADLINE_S = 6.0
"""The longest wait for PostgreSQL: DEADLINE of `db/postgres.py`."""
ANSWER_S = 1.0
"""What a busy machine may need to say that the wait is over."""
FEED_READERS = 24


@pytest.fixture
def world(own_cluster: Cluster, new_world: NewWorld) -> World:
    """A server on a database that this test may break."""
    return new_world("postgres", database=PostgresDatabase(own_cluster, own_cluster.new_database()))


@pytest.fixture
def client(world: World, new_clients: ClientsFactory) -> PersistentClient:
    """Hears 503 without complaint."""
    (opened,) = new_clients(world.server, faulty=True)
    return opened


def test_r5_nothing_is_answered_wrongly_while_the_database_is_gone(
    world: World, client: PersistentClient, own_cluster: Cluster, crowd_of: Callable[[World], Crowd]
) -> None:
    crowd, probe = crowd_of(world), Probe(world)
    crowd.expect_faults(True)
    with Load(crowd.steps()) as load:
        load.wait_for(100)
        own_cluster.crash()
        gone_at = time.monotonic()
        seconds_until(lambda: request_token(client, probe.oauth).status == 503, within=STALE_S)
        for name, answer in probe.all_at_once().items():
            assert (answer.status, answer.error) == (503, "temporarily_unavailable"), name
        client.get("//healthz").expect(200)
        load.wait_for_everybody()
        down_until = time.monotonic()
        own_cluster.start()
        back_at = time.monotonic()
        for ready in (
            lambda: client.get("//readyz").status == 200,
            lambda: request_token(client, probe.oauth).status == 200,
            lambda: me(client, probe.session.access).status == 200,
        ):
            seconds_until(ready, within=RECOVERY_S - (time.monotonic() - back_at))
        load.wait_for_everybody()
    crowd.expect_faults(False)
    meanwhile = [done for done in crowd.history.acknowledged() if gone_at < done.invoked_at < down_until]
    assert [str(done) for done in meanwhile if done.returned_at < down_until and done.name != "token"] == []
    assert [
        str(done) for done in meanwhile if gone_at + STALE_S < done.invoked_at and done.returned_at < down_until
    ] == []
    crowd.settle()


def test_r6_every_wait_is_bounded_while_the_database_is_silent(
    world: World, client: PersistentClient, own_cluster: Cluster
) -> None:
    probe = Probe(world)
    own_cluster.pause()
    try:
        answers = probe.all_at_once()
    finally:
        own_cluster.resume()
    for name, answer in answers.items():
        # These two need the feed, which is still fresh, and nothing else.
        allowed = ((200, None),) if name in {"token", "introspect"} else ()
        answer.expect_one_of((503, "temporarily_unavailable"), *allowed)
        assert answer.seconds <= DEADLINE_S + ANSWER_S, name
    seconds_until(lambda: client.get("//readyz").status == 200, within=RECOVERY_S)
    seconds_until(lambda: request_token(client, probe.oauth).status == 200, within=RECOVERY_S)
    world.server.command("audit", "verify")
    assert world.server.log_events("fault") == []


def test_r6_a_locked_table_holds_up_neither_tokens_nor_the_rest(
    world: World, client: PersistentClient, own_cluster: Cluster
) -> None:
    """The usage counters wait in memory until they can be written; sign-ins wait for a bounded time."""
    probe = Probe(world)
    url = world.server.database.url
    hold = "LOCK TABLE client_usage, sessions IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(5)"
    held = (
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted "
        "AND relation = 'sessions'::regclass"
    )
    issued = 0
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(own_cluster.query, url, hold)
        seconds_until(lambda: count(world.server.database, held) == 1, within=RECOVERY_S)
        for name in ("login", "refresh", "logout"):
            answer = probe.requests()[name](client).expect(503, "temporarily_unavailable")
            assert answer.seconds <= DEADLINE_S + ANSWER_S, name
            break
        while not holding.done():
            request_token(client, probe.oauth).expect(200)
            issued += 1
    assert issued > 0
    probe.requests()["refresh"](client).expect(200)
    query = f"SELECT coalesce(sum(tokens), 0) FROM client_usage WHERE client_id = '{probe.oauth.client_id}'"
    # One token more: the probe got one when it was made.
    seconds_until(lambda: count(world.server.database, query) == issued + 1, within=30.0)


def test_r6_locks_of_a_node_that_stopped_in_the_midst_of_a_statement_are_freed(
    world: World, client: PersistentClient
) -> None:
    """The server ends an idle transaction; this one counts as active, for its statement is prepared but not sent."""
    probe = Probe(world)

    async def stop_in_the_midst() -> asyncpg.Connection:
        settings = {"application_name": "linkxg", "idle_in_transaction_session_timeout": "1000"}
        stopped = await asyncpg.connect(world.server.database.url, server_settings=settings)
        await stopped.execute("BEGIN; UPDATE audit_heads SET seq = seq")
        await stopped.prepare("SELECT 1")
        return stopped

    with asyncio.Runner() as runner:
        stopped = runner.run(stop_in_the_midst())
        try:
            probe.requests()["logout"](client).expect(503, "temporarily_unavailable")
            seconds_until(lambda: probe.requests()["logout"](client).status == 200, within=30.0)
        finally:
            stopped.terminate()


def test_r6_readers_of_a_locked_feed_hold_up_neither_sign_ins_nor_the_rest(
    world: World, client: PersistentClient, own_cluster: Cluster
) -> None:
    probe, url = Probe(world), world.server.database.url
    hold = "LOCK TABLE feed_entries IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(5)"
    held = (
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted "
        "AND relation = 'feed_entries'::regclass"
    )
    readers = [PersistentClient(world.server, faulty=True) for _ in range(FEED_READERS)]
    with ThreadPoolExecutor(1 + FEED_READERS) as pool:
        holding = pool.submit(own_cluster.query, url, hold)
        seconds_until(lambda: count(world.server.database, held) == 1, within=RECOVERY_S)
        reading = [pool.submit(reader.get, "/shared/changes", bearer=probe.session.access) for reader in readers]
        blocked = f"{held.partition(' WHERE')[0]} WHERE NOT granted AND relation = 'feed_entries'::regclass"
        seconds_until(lambda: count(world.server.database, blocked) > 1, within=RECOVERY_S)
        for name, ask in probe.requests().items():
            assert ask(client).status in (200, 201, 204), name
        holding.result()
        answers = [one.result() for one in reading]
    for reader, answer in zip(readers, answers, strict=True):
        reader.close()
        assert (answer.status, answer.header("retry-after")) in ((200, None), (503, "1"))
