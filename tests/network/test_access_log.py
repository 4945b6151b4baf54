"""What a partner reads is counted by hour, without ever failing or slowing a read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from conftest import DatabaseFactory
from harness.answers import JsonObject
from harness.rows import execute
from harness.world import World
from linkxg.clock import DAY, HOUR, now_ms
from linkxg.db import Database
from linkxg.errors import TemporarilyUnavailable
from linkxg.network.access_log import count_reads
from linkxg.network.access_log.count_reads import SEVERAL, AccessLog
from linkxg.network.access_log.store import list_reads, purge_reads
from network.connected import insert_connection
from network.sharing import SHARED, connection_of, list_shared, read_shared, share
from network.verbs import migrated
from products.catalogue import published

OWNER, VIEWER = "owner", "viewer"
NOON = 1_790_000_000_000 // HOUR * HOUR


def _insert(world: World, hour: int, product: str, reads: int) -> None:
    owner, viewer = world.account.account_id, world.other.account_id
    sql = f"insert into shared_reads values ('{owner}', '{viewer}', {hour}, '{product}', {reads})"
    execute(world.server.database, sql)


def test_the_owner_reads_what_a_partner_read_newest_hour_first(world: World) -> None:
    connection = connection_of(world)
    path = f"/connections/{connection}/access-log"
    counts = [(NOON + HOUR, "a", 1), (NOON, "b", 2), (NOON, "a", 3), (NOON, "", 4), (NOON - HOUR, "c", 5)]
    for count in counts:
        _insert(world, *count)
    found: list[Any] = []
    query = "?limit=2"
    while query:
        page = world.api.get(path + query, bearer=world.owner.access).expect(200).object()
        found += page["data"]
        cursor = page["pagination"]["nextCursor"]
        query = f"?limit=2&cursor={cursor}" if cursor else ""
    found = [one for one in found if one["hour"] < "2026-10"]
    assert [(one["productId"], one["reads"]) for one in found] == [("a", 1), ("b", 2), ("a", 3), (None, 4), ("c", 5)]
    assert found[1]["hour"].endswith(":00:00.000Z")
    world.api.get(f"/connections/{OWNER}/access-log", bearer=world.owner.access).expect(404, "not_found")
    # An invitation must not tell who is invited; what was read stays readable after the end.
    for status, responded, seen in (("PENDING", False, 0), ("DECLINED", True, 0), ("REVOKED", True, 5)):
        other = f"/connections/{insert_connection(world, status, responded=responded)}/access-log"
        data = world.api.get(other, bearer=world.owner.access).expect(200).object()["data"]
        assert len([one for one in data if one["hour"] < "2026-10"]) == seen


@pytest.mark.usefixtures("without_shares")
def test_every_way_to_read_a_shared_product_is_counted(world: World) -> None:
    product = published(world)
    share(world, product, versions="ALL")
    ways = ("", "/versions", "/versions/1")
    for way in ways:
        read_shared(world, product, way).expect(200)
    list_shared(world)
    adopted = f"{SHARED}/{product['id']}/adopt"
    world.api.post(adopted, bearer=world.other_owner.access, json={}).expect(201)
    path = f"/connections/{connection_of(world)}/access-log"
    deadline = time.monotonic() + 10
    while _reads_of(world, path, product) < len(ways) + 2:
        assert time.monotonic() < deadline, _reads_of(world, path, product)
        time.sleep(0.1)
    assert _reads_of(world, path, product) == len(ways) + 2


def _reads_of(world: World, path: str, product: JsonObject) -> int:
    counts = world.api.get(path, bearer=world.owner.access).expect(200).object()["data"]
    return sum(one["reads"] for one in counts if one["productId"] == product["id"])


@pytest.fixture
def run(engine: str, new_database: DatabaseFactory) -> Callable[[Callable[[Database], Any]], None]:
    """Runs a story over an empty database."""

    def start(story: Callable[[Database], Any]) -> None:
        async def run_story() -> None:
            async with migrated(new_database(engine).url) as database:
                await story(database)

        asyncio.run(run_story())

    return start


async def _stored(database: Database) -> dict[str, int]:
    """The reads of each product."""
    found = await database.read(lambda conn: list_reads(conn, OWNER, VIEWER, before=None, limit=1_000))
    return {row.product_id: row.reads for row in found}


def test_counts_of_several_workers_add_up(run: Callable[..., None]) -> None:
    async def story(database: Database) -> None:
        workers = [AccessLog(database) for _ in range(3)]
        for log in workers:
            log.count(OWNER, VIEWER, ["a", "b"])
            log.count(OWNER, VIEWER, ["a"])
            log.count(OWNER, "another", ["a"])
        await asyncio.gather(*(log.stop() for log in workers))
        assert await _stored(database) == {"a": 6, "b": 3}

    run(story)


def test_counts_are_written_in_the_background(run: Callable[..., None]) -> None:
    async def story(database: Database) -> None:
        log = AccessLog(database)
        log.count(OWNER, VIEWER, (str(number) for number in range(250)))
        log.task.start()
        async with asyncio.timeout(10):
            while len(await _stored(database)) < 250:  # noqa: ASYNC110  of a database
                await asyncio.sleep(0.05)
        await log.stop()
        assert set((await _stored(database)).values()) == {1}

    run(story)


def test_a_failing_database_loses_no_count(run: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(database: Database) -> None:
        log = AccessLog(database)

        failed = asyncio.Event()

        async def fail(*_: Any) -> None:
            failed.set()
            raise TemporarilyUnavailable("away")

        log.count(OWNER, VIEWER, ["a", "b"])
        with monkeypatch.context() as patch:
            patch.setattr(database, "write", fail)
            log.task.start()
            async with asyncio.timeout(10):
                await failed.wait()
            log.count(OWNER, VIEWER, ["a"])
        await log.stop()
        assert await _stored(database) == {"a": 2, "b": 1}

    run(story)


def test_beyond_the_bound_reads_are_counted_without_their_product(
    run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(count_reads, "MAX_COUNTS", 3)
    monkeypatch.setattr(count_reads, "MAX_ALL", 4)

    async def story(database: Database) -> None:
        log = AccessLog(database)
        log.count(OWNER, VIEWER, ["a", "b", "c", "d", "e", "a"])
        log.count(OWNER, "another", ["a"])
        await log.stop()
        assert await _stored(database) == {"a": 2, "b": 1, "c": 1, SEVERAL: 2}
        found = await database.read(lambda conn: list_reads(conn, OWNER, "another", before=None, limit=9))
        assert found == []

    run(story)


def test_counts_are_kept_for_400_days(run: Callable[..., None]) -> None:
    async def story(database: Database) -> None:
        log = AccessLog(database)
        log.count(OWNER, VIEWER, ["a", "b", "c"])
        await log.stop()
        for days, limit, deleted in ((399, 9, 0), (402, 2, 2), (402, 2, 1), (402, 2, 0)):
            later = now_ms() + days * DAY
            assert await database.write(lambda conn: purge_reads(conn, now=later, limit=limit)) == deleted  # noqa: B023

    run(story)
