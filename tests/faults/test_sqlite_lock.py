"""Another process holds the write lock of SQLite: who waits, and for how long. Promises R5, R6 and R15."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from faults.conftest import ClientsFactory, NewWorld
from faults.probe import Ask, Probe
from harness.answers import Answer
from harness.concurrency import Load, PersistentClient, seconds_until
from harness.databases import SqliteDatabase
from harness.rows import count
from harness.world import World

DEADLINE_S = 8.0
"""The longest wait for the lock: DEADLINE_S of `db/group_commit.py`."""
ANSWER_S = 1.0
"""What a busy machine may need to say that the wait is over."""


@contextmanager
def write_lock(world: World) -> Iterator[None]:
    """Hold the one lock that every writer needs."""
    assert isinstance(world.server.database, SqliteDatabase)
    with closing(sqlite3.connect(world.server.database.path, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def later(ask: Ask) -> Ask:
    def ask_later(client: PersistentClient) -> Answer:
        time.sleep(DEADLINE_S / 2)
        return ask(client)

    return ask_later


def test_r6_writers_wait_for_a_bounded_time_and_readers_not_at_all(
    new_world: NewWorld, new_clients: ClientsFactory
) -> None:
    world = new_world("sqlite", workers=2)
    probe = Probe(world)
    callers = new_clients(world.server, 4)
    issued = [1, *(0 for _ in callers)]

    def read(client: PersistentClient, number: int) -> None:
        for ask in probe.reads().values():
            ask(client).expect(200)
        issued[number] += 1

    with Load([partial(read, client, number) for number, client in enumerate(callers, 1)]) as load:
        with write_lock(world):
            first, *others = probe.writes().items()
            # One comes when the others have waited for a while: its wait is no longer than theirs.
            asks = dict([(first[0], later(first[1])), *others])
            for name, answer in probe.all_at_once(asks).items():
                answer.expect(503, "temporarily_unavailable")
                assert answer.seconds <= DEADLINE_S + ANSWER_S, name
            load.wait_for_everybody()
        load.wait_for_everybody()
    query = f"SELECT coalesce(sum(tokens), 0) FROM client_usage WHERE client_id = '{probe.oauth.client_id}'"
    # The counters could not be written and no token request minded; now they are.
    seconds_until(lambda: count(world.server.database, query) == sum(issued), within=30.0)
    for name, ask in probe.writes().items():
        assert ask(callers[0]).status == 200, name
    assert world.server.log_events("fault") == []
