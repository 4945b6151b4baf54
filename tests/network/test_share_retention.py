"""Ended shares, decided requests and acknowledgements are deleted when nothing refers to them any more."""

from __future__ import annotations

import asyncio

import pytest

from harness.answers import JsonObject
from harness.rows import execute
from harness.world import World
from linkxg.clock import DAY, now_ms
from linkxg.db import open_database
from linkxg.network.requests.store import purge_requests
from linkxg.network.shares.retention_store import purge_shares
from network.connected import decide, read, sent
from network.sharing import SHARED, connection_of, in_category, rfc3339, share, withdraw
from products.catalogue import published

KEPT_DAYS = 400
pytestmark = pytest.mark.usefixtures("without_shares")


def _purge(world: World, days: int, limit: int = 2) -> list[int]:
    """What each step deletes, as if so many days had passed."""

    async def run() -> list[int]:
        database = open_database(world.server.database.url)
        await database.open()
        deleted, later = [], now_ms() + days * DAY
        try:
            for purge in (purge_shares, purge_requests):
                while count := await database.write(purge, now=later, limit=limit):
                    deleted.append(count)
        finally:
            await database.close()
        return deleted

    return asyncio.run(run())


def _acknowledge(world: World, product: JsonObject) -> None:
    body = {"status": "ACCEPTED"}
    world.api.post(f"{SHARED}/{product['id']}/acknowledge", bearer=world.other_owner.access, json=body).expect(200)


def _status(world: World, made: JsonObject) -> int:
    return world.api.get(f"/shares/{made['id']}", bearer=world.owner.access).status


def _accepted(world: World, made: JsonObject) -> int:
    found = world.api.get(f"/shares/{made['id']}", bearer=world.owner.access).expect(200).data()
    accepted: int = found["acknowledgements"]["accepted"]
    return accepted


def test_ended_shares_are_deleted_after_400_days_with_the_answers_that_no_other_share_covers(world: World) -> None:
    _purge(world, KEPT_DAYS + 1, limit=50)
    execute(world.server.database, "delete from acknowledgements")
    first, second, third = (published(world, category=in_category(code)) for code in ("x", "x", "y"))
    everything, category, one = share(world), share(world, type="CATEGORY", category="x"), share(world, second)
    for product in (first, second, third):
        _acknowledge(world, product)
    withdraw(world, everything).expect(204)
    assert _purge(world, KEPT_DAYS - 1) == []
    assert _accepted(world, everything) == 3
    # The share of everything, and the answer about the third product.
    assert _purge(world, KEPT_DAYS + 1) == [2]
    assert (_status(world, everything), _accepted(world, category), _accepted(world, one)) == (404, 2, 1)
    again = share(world, type="CATEGORY", category="x")
    withdraw(world, category).expect(204)
    assert _purge(world, KEPT_DAYS + 1) == [1]
    assert (_accepted(world, again), _accepted(world, one)) == (2, 1)
    withdraw(world, again).expect(204)
    assert _purge(world, KEPT_DAYS + 1, limit=1) == [1, 1]
    assert _accepted(world, one) == 1
    withdraw(world, one).expect(204)
    assert _purge(world, KEPT_DAYS + 1, limit=1) == [1, 1]
    assert execute(world.server.database, "select product_id from acknowledgements") == []


def test_a_decided_request_is_deleted_after_400_days_but_not_before_its_share(world: World) -> None:
    _purge(world, KEPT_DAYS + 1, limit=50)
    connection_of(world)
    product = published(world)
    pending, declined, approved = (sent(world, productId=product["id"]) for _ in range(3))
    until = {"expiresAt": rfc3339(now_ms() + 30 * DAY)}
    decide(world, world.owner, declined, "decline", json={"reason": "No"}).expect(200)
    decide(world, world.owner, approved, "approve", json=until).expect(200)
    assert _purge(world, KEPT_DAYS - 1) == []
    assert _purge(world, KEPT_DAYS + 1) == [1]
    assert [read(world, world.owner, one).status for one in (pending, declined, approved)] == [200, 404, 200]
    # The share has expired, which was recorded, and is older than any read of it that is logged.
    execute(world.server.database, "update shares set expiry_recorded_at = expires_at where expires_at is not null")
    assert _purge(world, KEPT_DAYS + 31) == [1, 1]
    assert [read(world, world.owner, one).status for one in (pending, approved)] == [200, 404]
