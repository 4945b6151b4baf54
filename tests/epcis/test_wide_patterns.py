"""A pattern of many items: its page is met in the order of time before the uses of its items are counted."""

from __future__ import annotations

import random
from typing import Any

import pytest

from conftest import ENGINES, DatabaseFactory
from epcis.made_events import made_event
from epcis.test_insert_events import with_database
from linkxg.db import Database
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.model import Item, ItemRole, ItemUse, Level, ParsedEvent
from linkxg.network.epcis.events.insert_events import insert_events
from linkxg.network.epcis.query import source_store, store
from linkxg.network.epcis.query.find_events import find_events
from linkxg.network.epcis.query.model import EventQuery
from linkxg.network.epcis.query.parameters import read_query

COUNT, AT = 60, 1_790_000_000_000
OLD = 15
"""The first events have the items of a GTIN of their own."""
PATTERNS = {
    "everything": {"MATCH_epc": ["urn:epc:idpat:sgtin:*.*.*"]},
    "most": {"MATCH_epc": ["urn:epc:idpat:sgtin:4012345.012345.*"]},
    "old ones": {"MATCH_epc": ["urn:epc:idpat:sgtin:4012345.099999.*"]},
    "old ones of a step": {"MATCH_epc": ["urn:epc:idpat:sgtin:4012345.099999.*"], "EQ_bizStep": ["packing"]},
    "most until then": {
        "MATCH_epc": ["urn:epc:idpat:sgtin:4012345.012345.*"],
        "LT_eventTime": ["2026-09-21T14:14:20Z"],
    },
    "parents": {"MATCH_parentID": ["urn:epc:idpat:sgtin:4012345.012345.*"]},
}
pytestmark = pytest.mark.parametrize("engine", ENGINES)


def _events() -> list[ParsedEvent]:
    chance, made = random.Random(5), []
    for number in range(COUNT):
        gtin = "04012345999990" if number < OLD else "04012345123456"
        item = Item(f"https://id.gs1.org/01/{gtin}/21/{number}", Level.INSTANCE, gtin, None, str(number))
        step = "packing" if number % 2 else "shipping"
        # Several at the same time, and the old ones first.
        at = AT + number // OLD * 20_000 + chance.randrange(10) * 1_000
        uses = (ItemUse(ItemRole.OBSERVED, item),)
        made.append(made_event(f"urn:example:{number}", str(number), event_time=at, biz_step=step, items=uses))
    return made


async def _ids(database: Database, account_id: str, query: EventQuery) -> list[str]:
    """Of all pages."""
    found: list[str] = []
    at: Any = None
    while True:
        page = await find_events(database, account_id, query, at=at, limit=7)
        found += [one.event_id for one in page.found]
        at = page.position
        if at is None:
            return found


@pytest.mark.parametrize("order", ["eventTime", "recordTime"])
def test_pages_are_the_same_whether_they_are_walked_or_not(
    engine: str, order: str, new_database: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = uuid7()
    monkeypatch.setattr(source_store, "MAX_ITEMS", 5)

    async def work(database: Database) -> None:
        made = _events()
        for start in range(0, COUNT, 4):
            # Several at the same time of capture too.
            await database.write(
                insert_events, account_id, made[start : start + 4], record_time=AT + start, job_id=None
            )
        for name, given in PATTERNS.items():
            for descending in (False, True):
                query = read_query(given, {})
                assert isinstance(query, EventQuery), query
                query = query._replace(order_by=order, descending=descending)
                counted = await _ids(database, account_id, query)
                assert len(set(counted)) == len(counted)
                assert bool(counted) is (name != "parents")
                for few, walked in ((1, 1), (8, 20), (8, 1_000), (500, 20)):
                    with monkeypatch.context() as patch:
                        patch.setattr(source_store, "FEW", few)
                        patch.setattr(store, "WALKED", walked)
                        assert await _ids(database, account_id, query) == counted, (name, descending, few, walked)

    with_database(new_database, engine, work)


def test_uses_are_not_counted_where_most_events_match(
    engine: str, new_database: DatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = uuid7()
    monkeypatch.setattr(source_store, "FEW", 10)

    async def work(database: Database) -> None:
        await database.write(insert_events, account_id, _events(), record_time=AT, job_id=None)
        query = read_query(PATTERNS["most"], {})
        assert isinstance(query, EventQuery), query
        monkeypatch.setattr(store, "_page", None)
        page = await find_events(database, account_id, query, at=None, limit=7)
        assert len(page.found) == 7

    with_database(new_database, engine, work)
