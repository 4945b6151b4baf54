"""Events in the database: what is new is inserted, what is repeated is not, and ids rise with the commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from conftest import ENGINES, DatabaseFactory
from epcis.made_events import LOT, PALLET, SERIAL, made_event
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.ids import uuid7
from linkxg.network.epcis.documents.model import ItemRole, ItemUse, Level, ParsedEvent
from linkxg.network.epcis.events.insert_events import insert_events
from linkxg.network.epcis.events.model import Inserted
from linkxg.network.epcis.events.store import event_items, event_values, events, items

AT = 1_790_000_000_123
pytestmark = pytest.mark.parametrize("engine", ENGINES)
Work = Callable[[Database], Any]


def with_database(new_database: DatabaseFactory, engine: str, work: Work) -> Any:
    async def run() -> Any:
        database = open_database(new_database(engine).url)
        await migrate(database)
        await database.open()
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def written(new_database: DatabaseFactory, engine: str, unit: Callable[[Connection], Any]) -> Any:
    async def work(database: Database) -> Any:
        return await database.write(unit)

    return with_database(new_database, engine, work)


def insert(conn: Connection, account_id: str, *made: ParsedEvent) -> list[Inserted]:
    return insert_events(conn, account_id, made, record_time=AT, job_id=None)


def statuses(found: list[Inserted]) -> list[str]:
    return [one.status for one in found]


def test_an_event_comes_back_as_it_was_inserted(engine: str, new_database: DatabaseFactory) -> None:
    account_id, job_id = uuid7(), uuid7()
    made = made_event("urn:uuid:1", '{"ä": "\U0001f600"}', context='{"ext": "https://example.com/"}')

    def unit(conn: Connection) -> None:
        [one] = insert_events(conn, account_id, [made], record_time=AT, job_id=job_id)
        row = conn.execute(select(events)).mappings().one()
        assert one == Inserted("CREATED", row["id"])
        assert dict(row) == {
            **{name: value for name, value in made._asdict().items() if name not in ("items", "values")},
            "id": one.id, "account_id": account_id, "record_time": AT, "job_id": job_id,
        }  # fmt: skip
        known = {row.uri: row for row in conn.execute(select(items))}
        assert {uri: (row.level, row.gtin14, row.lot, row.serial) for uri, row in known.items()} == {
            item.uri: item[1:] for item in (LOT, SERIAL)
        }
        uses = conn.execute(select(event_items).order_by(event_items.c.is_class)).all()
        assert [tuple(row) for row in uses] == [
            (account_id, known[SERIAL.uri].id, ItemRole.OBSERVED, made.event_time, one.id, 0, 0, None, None),
            (account_id, known[LOT.uri].id, ItemRole.OBSERVED, made.event_time, one.id, 0, 1, 2.5, "KGM"),
        ]
        values = {tuple(row) for row in conn.execute(select(event_values))}
        assert values == {(account_id, one.id, place, *value) for place, value in enumerate(made.values)}

    written(new_database, engine, unit)


def test_a_repeated_event_is_not_inserted_again(engine: str, new_database: DatabaseFactory) -> None:
    account_id = uuid7()

    def unit(conn: Connection) -> None:
        first = insert(conn, account_id, made_event("a"), made_event("b"))
        assert statuses(first) == ["CREATED", "CREATED"]
        again = insert(conn, account_id, made_event("c"), made_event("b"), made_event("a", '{"other": 1}'))
        assert statuses(again) == ["CREATED", "UNCHANGED", "CONFLICT"]
        assert [one.id for one in again[1:]] == [first[1].id, first[0].id]
        assert again[0].id > first[1].id
        assert conn.execute(select(func.count()).select_from(event_items)).scalar_one() == 6
        assert conn.execute(select(func.count()).select_from(items)).scalar_one() == 2

    written(new_database, engine, unit)


def test_of_equal_ids_in_a_batch_the_first_is_inserted(engine: str, new_database: DatabaseFactory) -> None:
    def unit(conn: Connection) -> None:
        found = insert(conn, uuid7(), made_event("a"), made_event("a", "[]"), made_event("a"), made_event("b"))
        assert statuses(found) == ["CREATED", "CONFLICT", "UNCHANGED", "CREATED"]
        assert len({one.id for one in found[:3]}) == 1
        assert set(conn.execute(select(events.c.content)).scalars()) == {b"{}"}

    written(new_database, engine, unit)


def test_an_error_declaration_is_kept_beside_its_event(engine: str, new_database: DatabaseFactory) -> None:
    """GS1 EPCIS issues 164 and 226: both have the same eventID."""

    def unit(conn: Connection) -> None:
        account_id, declared = uuid7(), "2026-11-28T10:00:00.000Z"
        original = made_event("a")
        declaration = made_event("a", "[1]", declaration_time=declared, error_reason="incorrect_data")
        assert statuses(insert(conn, account_id, original, declaration)) == ["CREATED", "CREATED"]
        assert statuses(insert(conn, account_id, declaration, original)) == ["UNCHANGED", "UNCHANGED"]

    written(new_database, engine, unit)


def test_accounts_have_events_and_items_of_their_own(engine: str, new_database: DatabaseFactory) -> None:
    def unit(conn: Connection) -> None:
        for account_id in (uuid7(), uuid7()):
            assert statuses(insert(conn, account_id, made_event("a"))) == ["CREATED"]
        owners = conn.execute(select(items.c.account_id, func.count()).group_by(items.c.account_id)).all()
        assert [count for _, count in owners] == [2, 2]

    written(new_database, engine, unit)


def test_a_class_may_stand_in_one_list_twice(engine: str, new_database: DatabaseFactory) -> None:
    def unit(conn: Connection) -> None:
        uses = (
            ItemUse(ItemRole.INPUT, LOT, True, 1.0, "KGM"),
            ItemUse(ItemRole.INPUT, LOT, True, 2.0, "KGM"),
            ItemUse(ItemRole.OUTPUT, LOT, True, 3.0),
            ItemUse(ItemRole.PARENT, PALLET),
        )
        insert(conn, uuid7(), made_event("a", items=uses, values=()))
        by = (event_items.c.role, event_items.c.position)
        found = conn.execute(select(*by, event_items.c.quantity).order_by(*by)).all()
        assert [tuple(row) for row in found] == [(2, 0, None), (4, 0, 1.0), (4, 1, 2.0), (5, 0, 3.0)]

    written(new_database, engine, unit)


def test_a_thousand_events_are_inserted_in_their_order(engine: str, new_database: DatabaseFactory) -> None:
    account_id = uuid7()
    made = [
        made_event(
            f"e{number}", items=(ItemUse(ItemRole.OBSERVED, SERIAL._replace(uri=f"{SERIAL.uri}{number % 700}")),)
        )
        for number in range(1_303)
    ]

    def unit(conn: Connection) -> None:
        found = insert(conn, account_id, *made)
        assert set(statuses(found)) == {"CREATED"}
        ids = [one.id for one in found]
        assert ids == sorted(set(ids))
        stored = {row.id: row.event_id for row in conn.execute(select(events.c.id, events.c.event_id))}
        assert [stored[number] for number in ids] == [one.event_id for one in made]
        levels = conn.execute(select(items.c.level, func.count()).group_by(items.c.level)).all()
        assert [tuple(row) for row in levels] == [(Level.INSTANCE, 700)]
        # Those whose keys are taken are told apart among many that are not.
        again = insert(conn, account_id, *made[:3], *(made_event(f"n{number}") for number in range(600)))
        assert statuses(again) == ["UNCHANGED"] * 3 + ["CREATED"] * 600

    written(new_database, engine, unit)


def test_ids_rise_in_the_order_of_the_commits(engine: str, new_database: DatabaseFactory) -> None:
    """A reader that continues after the last id it has seen misses nothing that is committed later."""
    account_id, opened = uuid7(), new_database(engine)
    writers, batches, size = 3, 25, 4

    async def write_batches(writer: int) -> None:
        database = open_database(opened.url)
        await database.open()
        for batch in range(batches):
            made = [made_event(f"{writer}-{batch}-{number}") for number in range(size)]
            await database.write(insert, account_id, *made)
        await database.close()

    def after(conn: Connection, last: int) -> list[int]:
        query = select(events.c.id).where(events.c.account_id == account_id, events.c.id > last)
        return list(conn.execute(query.order_by(events.c.id)).scalars())

    async def run() -> None:
        database = open_database(opened.url)
        await migrate(database)
        await database.open()
        try:
            writing = [
                asyncio.create_task(asyncio.to_thread(asyncio.run, write_batches(number))) for number in range(writers)
            ]
            found: list[int] = []
            ended = False
            while not ended:
                ended = all(task.done() for task in writing)
                found += await database.read_in_thread(after, found[-1] if found else 0)
            await asyncio.gather(*writing)
            assert len(found) == writers * batches * size
        finally:
            await database.close()

    asyncio.run(run())
