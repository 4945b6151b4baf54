"""Compares a deep page of a million products with the first page. Run as `python -m bench.lists`."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection

from bench.report import Figure, report
from linkxg.catalog.products.bulk.model import PlannedWrite
from linkxg.catalog.products.bulk.store import write_planned
from linkxg.catalog.products.canonical import canonical
from linkxg.catalog.products.list_products import list_products
from linkxg.catalog.products.model import ProductFilter, ProductRecord, Sort
from linkxg.catalog.products.search.store import Place
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7

COUNT, BATCH, LIMIT, ROUNDS = 1_000_000, 2_000, 50, 60
DEEP = 20_000
SORTS: tuple[Sort, ...] = ("updatedAt", "sku")


def measure(url: str | None = None, count: int = COUNT) -> list[Figure]:
    """Page 20,000 against page 1, in one process and without HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(url or f"sqlite:///{Path(folder) / 'linkxg.db'}", count))


async def _measure(url: str, count: int) -> list[Figure]:
    database = open_database(url)
    await migrate(database)
    await database.open()
    try:
        account_id = uuid7()
        await database.write(insert_account, account_id, "Bench", 0)
        for start in range(0, count, BATCH):
            await database.write(_fill, account_id, start)
        return [await _pages(database, account_id, sort, count) for sort in SORTS]
    finally:
        await database.close()


def _fill(conn: Connection, account_id: str, start: int) -> None:
    planned = []
    for number in range(start, start + BATCH):
        form = canonical({"name": f"Hex bolt {number}", "brand": "Acme", "category": {"code": f"c{number % 20}"}})
        sku, at = f"S-{number:07}", 1_000 + number // 1_000
        head = ProductRecord(uuid7(), sku, None, None, f"c{number % 20}", "DRAFT", None, 1, 1, at, at)
        key = f"{sku.casefold()}\nhex bolt {number}\nacme"
        planned.append(PlannedWrite(head, key, None, True, 1, form.digest, form.text))
    write_planned(conn, account_id, "bench", planned)


async def _pages(database: Database, account_id: str, sort: Sort, count: int) -> Figure:
    """The two pages alternate, so that a disturbance of the machine affects both."""
    place = await _place(database, account_id, sort, count)
    first, deep = [], []
    for _ in range(ROUNDS):
        first.append(await _timed(database, account_id, sort, None))
        deep.append(await _timed(database, account_id, sort, place))
    ratio = statistics.median(deep) / statistics.median(first)
    note = f"{statistics.median(deep):.2f} ms beside {statistics.median(first):.2f} ms, {count:,} products"
    return Figure(f"page {min(DEEP, count // LIMIT):,} of products by {sort}", ratio, 1.2, note, at_most=True)


async def _timed(database: Database, account_id: str, sort: Sort, after: Place | None) -> float:
    """Milliseconds of one page."""
    started = time.perf_counter()
    found, _ = await list_products(database, Viewer(account_id), ProductFilter(sort=sort), after=after, limit=LIMIT)
    assert found
    return (time.perf_counter() - started) * 1_000


async def _place(database: Database, account_id: str, sort: Sort, count: int) -> Place:
    """The cursor position at the end of the page before the deep one."""
    number = (min(DEEP, count // LIMIT) - 1) * LIMIT - 1
    exact = ProductFilter(sku=f"S-{number:07}")
    [shown], _ = await list_products(database, Viewer(account_id), exact, after=None, limit=1)
    return [shown.head.sku] if sort == "sku" else [shown.head.updated_at, shown.head.id]


if __name__ == "__main__":
    report(measure())
