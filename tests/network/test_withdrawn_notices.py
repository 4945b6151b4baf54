"""A notice whose recall was withdrawn goes no further."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import asyncpg

from harness.answers import Answer
from harness.databases import SqliteDatabase
from harness.world import World
from linkxg.clock import now_ms
from linkxg.network.epcis.documents.model import Item, Level
from network.recalling import NOTICES, RECALLS, STRANGER, recall, sent_to
from traceability.test_routes import capture

WITHDRAWN = "The recall of this notice was withdrawn."


def _pass_on(world: World, notice_id: str) -> Answer:
    body = {"reason": "Our supplier recalls it.", "noticeId": notice_id}
    return world.api.post(RECALLS, bearer=world.other_owner.access, json=body)


def _recalled(world: World) -> tuple[str, str]:
    """(recall, notice) of items of which the recipient has an event."""

    made = recall(world)
    found = world.api.get(f"{NOTICES}?limit=1", bearer=world.other_owner.access).expect(200).object()["data"][0]
    one = made["itemDetails"][0]
    item = Item(made["items"][0], Level.LOT, f"{one['gtin']:0>14}", one["lot"])
    capture(world, world.other.account_id, sent_to([item], STRANGER, at=3))
    return str(made["id"]), str(found["id"])


def test_rule_308_a_withdrawn_notice_is_not_passed_on(world: World) -> None:
    recall_id, notice_id = _recalled(world)
    _pass_on(world, notice_id).expect(201)
    world.api.post(f"{RECALLS}/{recall_id}/withdraw", bearer=world.owner.access, json={}).expect(200)
    refused = _pass_on(world, notice_id).expect(409, "invalid_state")
    assert WITHDRAWN in str(refused.json())


def test_rule_308_a_notice_that_is_being_withdrawn_is_not_passed_on(world: World) -> None:
    recall_id, notice_id = _recalled(world)
    withdrawal = f"update recalls set withdrawn_at = {now_ms()} where id = '{recall_id}'"

    async def run() -> Answer:
        database = world.server.database
        if isinstance(database, SqliteDatabase):
            with closing(sqlite3.connect(database.path, isolation_level=None, timeout=30)) as connection:
                connection.execute("begin immediate")
                connection.execute(withdrawal)
                passing = asyncio.create_task(asyncio.to_thread(_pass_on, world, notice_id))
                await asyncio.sleep(0.8)
                connection.execute("commit")
        else:
            other = await asyncpg.connect(database.url)
            async with other.transaction():
                await other.execute(withdrawal)
                passing = asyncio.create_task(asyncio.to_thread(_pass_on, world, notice_id))
                await asyncio.sleep(0.8)
            await other.close()
        return await passing

    asyncio.run(run()).expect(409, "invalid_state")
