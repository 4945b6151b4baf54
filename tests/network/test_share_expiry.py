"""Expired shares are recorded in small steps, with a reader of the feed and without, and leave the live ones."""

from __future__ import annotations

import pytest

from harness.answers import JsonObject
from harness.rows import count, count_rows, execute
from harness.world import World
from linkxg.clock import now_ms
from linkxg.ids import uuid7
from linkxg.purge import STEP
from network.shared_feed import entries_after, newest, read_feed
from network.sharing import connection_of, post_share, rfc3339, share, withdraw
from products.catalogue import published

pytestmark = pytest.mark.usefixtures("without_shares")
AT_ONCE = 500
HOUSEKEEPING = 2 * STEP
"""It may record some between two looks."""
UNRECORDED = "shares where withdrawn_at is null and expiry_recorded_at is null"
MANY = """
insert into shares (account_id, id, viewer_id, connection_id, type, subject, versions, traceability, trace_tiers,
                    passport_roles, expires_at, created_at, created_by)
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < {count})
select '{owner}', '{start}' || cast(100000000000 + n as varchar(12)), '{viewer}', '{connection}', 'ALL', '*', 'LATEST',
       'NONE', 0, '[]', {at} + n, {at}, 'test' from numbers
"""


def insert_expired(world: World, count: int) -> None:
    """Shares of everything with the second account."""
    values = {"owner": world.account.account_id, "viewer": world.other.account_id, "connection": connection_of(world)}
    execute(world.server.database, MANY.format(start=uuid7()[:24], count=count, at=now_ms() - 86_400_000, **values))


def test_a_reader_of_the_feed_records_few_expiries_at_once(world: World) -> None:
    cursor = newest(world)
    insert_expired(world, 1_200)
    found: list[JsonObject] = []
    left, more = 1_200, True
    while more:
        page = read_feed(world, f"&cursor={cursor}").expect(200).object()
        before, left = left, count_rows(world.server.database, UNRECORDED)
        assert before - left <= AT_ONCE + HOUSEKEEPING
        found += page["data"]
        cursor, more = page["pagination"]["nextCursor"], page["pagination"]["hasMore"]
    assert (left, len(found)) == (0, 1_200)
    in_one_transaction = "SELECT max(n) FROM (SELECT count(*) AS n FROM shares GROUP BY expiry_recorded_at) AS recorded"
    assert count(world.server.database, in_one_transaction) <= AT_ONCE
    ids = [entry["shareId"] for entry in found]
    assert ids == sorted(set(ids)), "each once, in the order in which they expired"


def test_an_expired_share_is_recorded_without_a_reader(world: World) -> None:
    product, begin = published(world), newest(world)
    made = share(world, product, expiresAt=rfc3339(now_ms() + 400))
    ended = share(world, product, fields=["name"], expiresAt=rfc3339(now_ms() + 60_000))
    withdraw(world, ended).expect(204)
    while count_rows(world.server.database, f"shares where id = '{made['id']}' and expires_at > {now_ms()}"):
        pass
    world.server.command("purge")
    assert count_rows(world.server.database, UNRECORDED) == 0
    states = [world.api.get(f"/shares/{one['id']}", bearer=world.owner.access).data() for one in (made, ended)]
    assert [one["status"] for one in states] == ["EXPIRED", "WITHDRAWN"]
    assert states[0]["withdrawnAt"] is None
    assert states[0]["summary"].startswith("Sees nothing: expired on ")
    withdraw(world, made).expect(204)
    assert world.api.get(f"/shares/{made['id']}", bearer=world.owner.access).data()["status"] == "EXPIRED"
    told = [entry["shareId"] for entry in entries_after(world, begin) if entry["type"] == "SHARE_EXPIRED"]
    assert told == [made["id"]]


def test_expired_shares_of_the_same_products_do_not_pile_up(world: World) -> None:
    begin = newest(world)
    insert_expired(world, 50)
    for _ in range(3):
        post_share(world).expect(201)
    assert count_rows(world.server.database, UNRECORDED) == 3
    types = [entry["type"] for entry in entries_after(world, begin)]
    assert (types.count("SHARE_EXPIRED"), types.count("SHARE_ADDED")) == (50, 3)
