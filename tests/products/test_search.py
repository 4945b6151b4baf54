"""A search of many products is bounded, and yet complete."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection

from conftest import DatabaseFactory
from linkxg.catalog.products import list_products as listing
from linkxg.catalog.products import store
from linkxg.catalog.products.canonical import Canonical, canonical
from linkxg.catalog.products.content import Category, Content, category_of
from linkxg.catalog.products.list_products import list_products
from linkxg.catalog.products.model import ProductFilter, ProductRecord, ProductView, search_key_of
from linkxg.catalog.products.versions.store import insert_version
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import open_database
from linkxg.db.migrations import migrate
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7

COUNT = 100


@pytest.mark.parametrize(
    "wanted",
    [
        ProductFilter(search_key="7"),
        ProductFilter(search_key="7", sort="sku"),
        ProductFilter(category="rare", sort="sku"),
        ProductFilter(since=COUNT - 10, sort="sku"),
        ProductFilter(search_key="7", category="rare", since=20),
        ProductFilter(search_key="nothing"),
        ProductFilter(),
    ],
)
def test_a_bounded_search_misses_nothing(
    new_database: DatabaseFactory, engine: str, monkeypatch: pytest.MonkeyPatch, wanted: ProductFilter
) -> None:
    monkeypatch.setattr(listing, "CHUNK_ROWS", 4)
    monkeypatch.setattr(listing, "MAX_CHUNKS", 3)
    found, sizes = asyncio.run(_walk(new_database(engine).url, wanted))
    expected = [
        number
        for number in range(COUNT)
        if (wanted.search_key is None or wanted.search_key in f"bolt {number}")
        and (wanted.category is None or number % 10 == 7)
        and (wanted.since is None or number >= wanted.since)
    ]
    assert [int(product.head.sku) for product in found] == expected
    assert max(sizes) <= 2
    if wanted.search_key == "nothing":
        assert len(sizes) == 1 + COUNT // (4 * 3), "a page looks at STEPS stretches"


def _insert(conn: Connection, account_id: str, head: ProductRecord, content: Content, form: Canonical) -> None:
    assert store.insert_record(conn, account_id, head, search_key_of(head.sku, content))
    made = {"status": "DRAFT", "created_at": 0, "created_by": "me"}
    insert_version(conn, account_id, head.id, version=1, digest=form.digest, content=form.text, **made)


async def _walk(url: str, wanted: ProductFilter) -> tuple[list[ProductView], list[int]]:
    database = open_database(url)
    await migrate(database)
    await database.open()
    try:
        account_id = uuid7()
        await database.write(insert_account, account_id, "Acme GmbH", 0)
        for number in range(COUNT):
            content = Content(f"Bolt {number}", category=Category("rare" if number % 10 == 7 else "usual"))
            form = canonical(content)
            head = ProductRecord(
                uuid7(), f"{number:03d}", None, None, category_of(content), "DRAFT", None, 1, 1, number, number
            )
            await database.write(_insert, account_id, head, content, form)
        found: list[ProductView] = []
        sizes: list[int] = []
        after: list[Any] | None = None
        while True:
            page, after = await list_products(database, Viewer(account_id), wanted, after=after, limit=2)
            found += page
            sizes.append(len(page))
            if after is None:
                return found, sizes
    finally:
        await database.close()
