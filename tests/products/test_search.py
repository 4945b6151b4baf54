"""Is a search of many products bounded, and yet complete?"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import msgspec
import pytest

from conftest import DatabaseFactory
from linkxg.accounts.store import insert_account
from linkxg.db import open_database
from linkxg.db.migrations import migrate
from linkxg.ids import uuid7
from linkxg.products import list_products as listing
from linkxg.products import store
from linkxg.products.list_products import list_products
from linkxg.products.model import Content, Product, ProductRow, Wanted, name_key

COUNT = 100


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(name_key="7"),
        Wanted(name_key="7", sort="sku"),
        Wanted(category="rare", sort="sku"),
        Wanted(since=COUNT - 10, sort="sku"),
        Wanted(name_key="7", category="rare", since=20),
        Wanted(name_key="nothing"),
        Wanted(),
    ],
)
def test_a_search_ends_and_misses_nothing(
    new_database: DatabaseFactory, engine: str, monkeypatch: pytest.MonkeyPatch, wanted: Wanted
) -> None:
    monkeypatch.setattr(store, "STRETCH", 4)
    monkeypatch.setattr(listing, "STEPS", 3)
    found, sizes = asyncio.run(_walk(new_database(engine).url, wanted))
    expected = [
        number
        for number in range(COUNT)
        if (wanted.name_key is None or wanted.name_key in f"bolt {number}")
        and (wanted.category is None or number % 10 == 7)
        and (wanted.since is None or number >= wanted.since)
    ]
    assert [int(product.sku) for product in found] == expected
    assert max(sizes) <= 2
    if wanted.name_key == "nothing":
        assert len(sizes) == 1 + COUNT // (4 * 3), "a page looks at STEPS stretches"


async def _walk(url: str, wanted: Wanted) -> tuple[list[Product], list[int]]:
    database = open_database(url)
    await migrate(database)
    await database.open()
    try:
        account_id = uuid7()
        await database.write(insert_account, account_id, "Acme GmbH", 0)
        for number in range(COUNT):
            name = f"Bolt {number}"
            content = msgspec.json.encode(Content(name, None, None, {})).decode()
            row = ProductRow(
                id=uuid7(), sku=f"{number:03d}", gtin14=None, gtin_length=None,
                category="rare" if number % 10 == 7 else "usual", revision=1, created_at=number, updated_at=number,
                content=content,
            )  # fmt: skip
            made = partial(store.insert_product, name_key=name_key(name), **row._asdict())
            assert await database.write(made, account_id)
        found: list[Product] = []
        sizes: list[int] = []
        after: list[Any] | None = None
        while True:
            page, after = await list_products(database, account_id, wanted, after=after, limit=2)
            found += page
            sizes.append(len(page))
            if after is None:
                return found, sizes
    finally:
        await database.close()
