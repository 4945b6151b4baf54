"""A thousand rows become products in one unit of work, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from msgspec import UNSET
from sqlalchemy import Connection

from conftest import ENGINES, DatabaseFactory
from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.gtin import read_gtin
from linkxg.catalog.products.bulk.model import PlannedWrite, RowInput, UnchangedProduct, WrittenProduct
from linkxg.catalog.products.bulk.plan_row import plan_row
from linkxg.catalog.products.bulk.store import INLINE_CHARACTERS, find_stored, write_planned
from linkxg.catalog.products.canonical import digest_of
from linkxg.catalog.products.store import update_record
from linkxg.catalog.products.versions.store import find_product_view, update_version
from linkxg.clock import now_ms
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7

Bring = Callable[..., Awaitable[list[Any]]]


def given(number: int, **content: Any) -> RowInput:
    return RowInput(f"S-{number:05}", UNSET, {"name": f"Bolt {number}", **content})


def gtin(number: int) -> Any:
    digits = f"40000{number:07}"
    return read_gtin(digits + str(check_digit(digits)))


async def bring(database: Database, account_id: str, rows: list[RowInput]) -> list[Any]:
    """Looks up, plans and writes; what became of each row."""
    skus = [row.sku for row in rows if isinstance(row.sku, str)]
    stored = {one.head.sku: one for one in await database.read(find_stored, account_id, skus=skus)}
    plans = [plan_row(row, stored.get(str(row.sku)), now_ms()) for row in rows]
    written = iter(
        await database.write(
            write_planned, account_id, "me", [plan for plan in plans if isinstance(plan, PlannedWrite)]
        )
    )
    return [next(written) if isinstance(plan, PlannedWrite) else plan for plan in plans]


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, new_database: DatabaseFactory) -> str:
    return new_database(request.param).url


def run(url: str, story: Callable[[Database, str], Awaitable[None]]) -> None:
    """`story` with a database that holds one empty account."""

    async def run_story() -> None:
        database = open_database(url)
        await migrate(database)
        await database.open()
        account_id = uuid7()

        def account(conn: Connection) -> None:
            insert_account(conn, account_id, "Bulk", now_ms())

        try:
            await database.write(account)
            await story(database, account_id)
        finally:
            await database.close()

    asyncio.run(run_story())


def test_rows_are_inserted_then_unchanged_then_updated(url: str) -> None:
    async def story(database: Database, account_id: str) -> None:
        rows = [given(number) for number in range(1_000)]
        assert await bring(database, account_id, rows) == [WrittenProduct.WRITTEN] * 1_000
        assert all(isinstance(one, UnchangedProduct) for one in await bring(database, account_id, rows))
        rows = [given(number, brand="Acme") if number % 2 else given(number) for number in range(1_000)]
        outcomes = await bring(database, account_id, rows)
        assert outcomes.count(WrittenProduct.WRITTEN) == 500
        [one] = await database.read(find_stored, account_id, skus=["S-00001"])
        assert (one.head.revision, one.head.draft_version, one.head.latest_version) == (2, 1, None)
        assert one.content == '{"brand":"Acme","name":"Bolt 1"}'
        shown = await database.read(find_product_view, account_id, one.head.id)
        assert shown is not None
        assert (shown.digest, shown.version_status) == (digest_of(one.content), "DRAFT")

    run(url, story)


def test_large_contents_are_compared(url: str) -> None:
    async def story(database: Database, account_id: str) -> None:
        rows = [given(1, attributes={"notes": "ä" * INLINE_CHARACTERS}), given(2, attributes={"notes": 'x"\\\n'})]
        assert await bring(database, account_id, rows) == [WrittenProduct.WRITTEN] * 2
        assert [type(one) for one in await bring(database, account_id, rows)] == [UnchangedProduct] * 2
        rows = [given(1, brand="Acme"), given(2, brand="Acme"), given(3)]
        assert await bring(database, account_id, rows) == [WrittenProduct.WRITTEN] * 3

    run(url, story)


def test_rows_are_found_by_gtin(url: str) -> None:
    async def story(database: Database, account_id: str) -> None:
        rows = [row._replace(gtin=gtin(number)) for number, row in enumerate(map(given, range(300)))]
        assert set(await bring(database, account_id, rows)) == {WrittenProduct.WRITTEN}
        wanted = [gtin(number).digits14 for number in range(100, 400)]
        found = await database.read(find_stored, account_id, gtins=wanted)
        assert {one.head.gtin14 for one in found} == set(wanted[:200])
        assert await database.read(find_stored, uuid7(), gtins=wanted) == []

    run(url, story)


def test_duplicate_identifiers_are_reported_row_by_row(url: str) -> None:
    async def story(database: Database, account_id: str) -> None:
        first = [given(1)._replace(gtin=gtin(1)), given(2)]
        assert set(await bring(database, account_id, first)) == {WrittenProduct.WRITTEN}
        rows = [given(3)._replace(gtin=gtin(1)), given(4)._replace(gtin=gtin(4)), given(5)._replace(gtin=gtin(4))]
        assert await bring(database, account_id, rows) == ["duplicate_gtin", "written", "duplicate_gtin"]
        [two] = await database.read(find_stored, account_id, skus=["S-00002"])
        renamed = plan_row(given(1), two, now_ms())
        assert isinstance(renamed, PlannedWrite)
        assert await database.write(write_planned, account_id, "me", [renamed]) == ["duplicate_sku"]

    run(url, story)


def test_a_concurrently_changed_product_is_stale_and_not_overwritten(url: str) -> None:
    async def story(database: Database, account_id: str) -> None:
        await bring(database, account_id, [given(1)])
        [stored] = await database.read(find_stored, account_id, skus=["S-00001"])
        plans = [plan_row(given(1, brand=brand), stored, now_ms()) for brand in ("A", "B")]
        fresh = [plan for plan in (*plans, plan_row(given(2), None, now_ms())) if isinstance(plan, PlannedWrite)]
        assert await database.write(write_planned, account_id, "me", fresh) == ["written", "stale", "written"]
        again = [plan for plan in (plan_row(given(2), None, now_ms()),) if isinstance(plan, PlannedWrite)]
        assert await database.write(write_planned, account_id, "me", again) == ["stale"]
        [stored] = await database.read(find_stored, account_id, skus=["S-00001"])
        assert '"brand":"A"' in stored.content

    run(url, story)


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (given(1)._replace(sku=" x"), "sku", "invalid"),
        (given(1)._replace(sku=UNSET), "sku", "missing"),
        (RowInput("A", UNSET, {}), "name", "missing"),
        (given(1, brand="a\n"), "brand", "invalid"),
        (given(1, colour="red"), "", "unknown_field"),
        (given(1, dimensions={"netWeight": {"value": "1", "unit": "KGM"}}), "dimensions.netWeight.value", "invalid"),
        (given(1, dimensions={"netWeight": {"value": 1, "unit": "MTR"}}), "dimensions.netWeight.unit", "unknown_unit"),
    ],
)
def test_an_invalid_row_names_its_column(row: RowInput, field: str, code: str) -> None:
    faults = plan_row(row, None, now_ms())
    assert isinstance(faults, list)
    assert [(one["field"], one["code"]) for one in faults] == [(field, code)]


def test_a_row_changes_only_the_draft_of_a_published_product(url: str) -> None:
    """A row goes to its draft: what lists find it by stays that of the published version, and its GTIN cannot go."""

    async def story(database: Database, account_id: str) -> None:
        await bring(database, account_id, [given(1, brand="Old")._replace(gtin=gtin(1))])
        [draft] = await database.read(find_stored, account_id, skus=["S-00001"])
        values: dict[str, Any] = {"status": "PUBLISHED", "latest_version": 1, "draft_version": None}
        await database.write(partial(update_record, seen=1, **values), account_id, draft.head.id)
        await database.write(partial(update_version, status="PUBLISHED"), account_id, draft.head.id, 1)
        assert await bring(database, account_id, [given(1, brand="New", category={"code": "c"})]) == ["written"]
        [stored] = await database.read(find_stored, account_id, skus=["S-00001"])
        assert (stored.head.latest_version, stored.head.draft_version, stored.head.category) == (1, 2, None)
        assert (stored.search_key, stored.content) == (
            draft.search_key, '{"brand":"New","category":{"code":"c"},"name":"Bolt 1"}',
        )  # fmt: skip
        shown = await database.read(find_product_view, account_id, stored.head.id)
        assert shown is not None
        assert shown.content == draft.content
        taken = plan_row(given(1)._replace(gtin=None), stored, now_ms())
        assert isinstance(taken, list)
        assert [one["field"] for one in taken] == ["gtin"]
        archived = stored._replace(head=stored.head._replace(status="ARCHIVED"))
        refused = plan_row(given(1), archived, now_ms())
        assert isinstance(refused, list)
        assert [one["code"] for one in refused] == ["invalid_state"]

    run(url, story)


def test_statistics_are_updated_after_bulk_inserts(new_database: DatabaseFactory) -> None:
    """Every index begins with the account: without statistics the wrong one is chosen, and the choice is kept."""

    def counted(conn: Connection) -> dict[str, int]:
        rows = conn.exec_driver_sql("select relname, reltuples from pg_class where relname like 'product%s'").all()
        return {row.relname: int(row.reltuples) for row in rows}

    async def story(database: Database, account_id: str) -> None:
        for start in range(0, 4_000, 1_000):
            await bring(database, account_id, [given(number) for number in range(start, start + 1_000)])
        found = await database.read(counted)
        assert all(found[name] >= 1_000 for name in ("products", "product_versions")), found

    run(new_database("postgres").url, story)
