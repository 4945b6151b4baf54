"""The use of a client is counted once, on its day, for the secret and the scope that were used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

import asyncpg
import pytest

from harness.clients import OAuthClient, get_token, make_client, request_token, rotate
from harness.databases import SqliteDatabase
from harness.rows import rows, wait_for_count
from harness.world import World
from linkxg.clock import DAY
from linkxg.db import Database
from linkxg.errors import TemporarilyUnavailable
from linkxg.identity.clients import usage
from linkxg.identity.clients.authentication_methods import BY_SECRET
from linkxg.identity.clients.model import CachedClient, CachedSecret
from linkxg.identity.clients.rejections.model import Rejection
from linkxg.identity.clients.usage import Count, UsageRecorder

SECRET = CachedSecret("s", b"", None, None)
CLIENT = CachedClient("c", "a", frozenset(), False, (), (), 0, None, BY_SECRET, (SECRET,))


class _FakeDatabase:
    """Stands for the database: notes what is written, or refuses it."""

    def __init__(self) -> None:
        self.counts: list[Count] = []
        self.batches: list[int] = []
        self.refuses = False
        self.poison = ""
        self.refused: list[str] = []

    async def write(self, unit: Callable[..., Any], counts: list[Count], refused: list[Any]) -> None:
        if self.refuses:
            raise TemporarilyUnavailable("refused")
        if self.poison in [count.detail for count in counts] + [one.id for one in refused]:
            raise ValueError("a bug")
        self.refused += [one.id for one in refused]
        self.counts += counts
        self.batches.append(len(counts))


@pytest.fixture
def written() -> _FakeDatabase:
    return _FakeDatabase()


@pytest.fixture
def counted(written: _FakeDatabase) -> UsageRecorder:
    return UsageRecorder(cast(Database, written))


def test_use_is_written_to_every_usage_table(world: World) -> None:
    """Tokens by day and secret, calls by scope, refusals; and the client, when it was last used."""
    oauth = make_client(world.api, world.owner, "products:read products:write")
    answer = rotate(world.api, oauth, world.owner.access, grace_period_seconds=3_600).expect(200)
    fresh = OAuthClient(oauth.client_id, str(answer.object()["client_secret"]), oauth.scope, "")
    for one in (oauth, fresh, fresh):
        token = get_token(world.api, one)
    for _ in range(4):
        world.api.get("/products", bearer=token).expect(200)
    request_token(world.api, oauth, scope="dpp:read").expect(400, "invalid_scope")
    database, of = world.server.database, f"WHERE client_id = '{oauth.client_id}'"
    wait_for_count(database, f"SELECT count(*) FROM client_usage {of} AND calls = 4 AND refused = 1", 1)
    assert rows(database, f"SELECT tokens, calls, refused FROM client_usage {of}") == [["3", "4", "1"]]
    assert rows(database, f"SELECT uses FROM client_secrets {of} ORDER BY id") == [["1"], ["2"]]
    assert rows(database, f"SELECT scope, uses FROM client_scope_usage {of}") == [["products:read", "4"]]
    order = "first_used_at <= last_used_at AND last_used_source = '127.0.0.1'"
    assert rows(database, f"SELECT count(*) FROM client_secrets {of} AND {order}") == [["2"]]
    last = rows(database, f"SELECT max(last_used_at) / 1000 FROM client_secrets {of}")
    shown = world.api.get(f"/oauth/clients/{oauth.client_id}", bearer=world.owner.access).expect(200).object()
    # The client's own row may be a minute behind; what is shown is not.
    assert int(last[0][0]) <= int(shown["last_used_at"]) <= time.time()


def test_a_day_that_ends_keeps_its_counts(
    counted: UsageRecorder, written: _FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in (DAY - 2, DAY - 1, DAY):
        monkeypatch.setattr(usage, "now_ms", lambda at=at: at)
        counted.record_token(CLIENT, SECRET.id, "127.0.0.1")
    asyncio.run(counted.stop())
    assert [(c.day, c.times, c.first, c.last) for c in written.counts] == [(0, 2, DAY - 2, DAY - 1), (1, 1, DAY, DAY)]


def test_a_failed_usage_write_is_retried_and_counted_once(counted: UsageRecorder, written: _FakeDatabase) -> None:
    async def go() -> None:
        for _ in range(3):
            counted.record_token(CLIENT, SECRET.id, "127.0.0.1")
        written.refuses = True
        with pytest.raises(TemporarilyUnavailable):
            await counted._write_batch()
        counted.record_token(CLIENT, SECRET.id, "127.0.0.1")
        written.refuses = False
        await counted.stop()

    asyncio.run(go())
    assert sum(count.times for count in written.counts) == 4


def test_many_counts_are_written_in_batches(counted: UsageRecorder, written: _FakeDatabase) -> None:
    """None waits for another's flood, and a request that comes meanwhile does not wait for all of them."""
    for number in range(3 * usage.BATCH + 1):
        counted.record_token(CLIENT, f"s{number}", "127.0.0.1")
    asyncio.run(counted.stop())
    assert written.batches == [usage.BATCH] * 3 + [1]
    assert [count.detail for count in written.counts[:2]] == ["s0", "s1"]


@pytest.mark.parametrize("poison", ["s7", "r1"])
def test_one_failing_row_does_not_block_the_others(counted: UsageRecorder, written: _FakeDatabase, poison: str) -> None:
    for number in range(30):
        counted.record_token(CLIENT, f"s{number}", "127.0.0.1")
    for number in range(3):
        counted._rejections.append(
            Rejection("a", f"r{number}", 0, "c", "q", "127.0.0.1", "POST /", "token_expired", "")
        )
    names = {f"s{number}" for number in range(30)} | {f"r{number}" for number in range(3)}
    written.poison = poison
    asyncio.run(counted.stop())
    assert {*(count.detail for count in written.counts), *written.refused} == names - {poison}
    # A count is tried again and again. Of refused requests no more than a number is kept in any case.
    written.poison = ""
    asyncio.run(counted.stop())
    assert {*(count.detail for count in written.counts), *written.refused} == names - {poison} | ({poison} & {"s7"})
    assert len(written.counts) == 30


def test_pending_counts_are_bounded(
    counted: UsageRecorder, written: _FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "MAX_COUNTS", 2)
    for detail in ("a", "b", "c", "a"):
        counted.record_token(CLIENT, detail, "127.0.0.1")
    asyncio.run(counted.stop())
    assert [(count.detail, count.times) for count in written.counts] == [("a", 2), ("b", 1)]


def test_a_client_deleted_during_a_usage_write_does_not_stop_the_counting(world: World) -> None:
    """PostgreSQL: the foreign key is checked after the row was found."""
    if isinstance(world.server.database, SqliteDatabase):
        return
    gone, kept = (make_client(world.api, world.owner, "products:read") for _ in range(2))
    database = world.server.database
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%client_usage%'"

    async def delete_meanwhile() -> None:
        deleting = await asyncpg.connect(database.url)
        async with deleting.transaction():
            await deleting.execute("DELETE FROM oauth_clients WHERE id = $1", gone.client_id)
            await asyncio.to_thread(get_token, world.api, gone)
            await asyncio.to_thread(wait_for_count, database, blocked, 1)
        await deleting.close()

    asyncio.run(delete_meanwhile())
    for _ in range(2):
        get_token(world.api, kept)
    of = f"WHERE client_id = '{kept.client_id}' AND tokens = 2"
    wait_for_count(database, f"SELECT count(*) FROM client_usage {of}", 1)
