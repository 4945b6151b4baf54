"""Migration 0006 keeps products, and the database keeps published versions immutable."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from conftest import DatabaseFactory
from db.revisions import upgrade_to
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.versions.store import find_product_view
from linkxg.db import open_database
from linkxg.db.migrations import migrate, upgrade
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7
from linkxg.ops.tables import register_tables

ACCOUNT = uuid7()
BEFORE: list[dict[str, Any]] = [
    {"sku": "A-1", "gtin14": "04006381333931", "gtin_length": 13, "category": "Power tools", "content": {
        "name": "Drill Ø 8", "description": "d", "brand": "Acme", "attributes": {"voltage": 18.0, "n": None}}},
    {"sku": "A-2", "gtin14": None, "gtin_length": None, "category": None, "content": {
        "name": "Bolt", "description": None, "brand": None, "attributes": {}}},
    {"sku": "A-3", "gtin14": None, "gtin_length": None, "category": "", "content": {
        "name": "Nut", "description": "", "brand": None, "attributes": {"big": 10**400, "in": [2**53, 1e300, 2]}}},
]  # fmt: skip
AFTER = [
    {"name": "Drill Ø 8", "description": "d", "brand": "Acme", "category": {"code": "Power tools"},
     "attributes": {"voltage": 18, "n": None}},
    {"name": "Bolt"},
    {"name": "Nut", "description": "", "attributes": {"big": str(10**400), "in": [str(2**53), "1e+300", 2]}},
]  # fmt: skip


@pytest.fixture(autouse=True)
def tables() -> None:
    register_tables()


def run(url: str, unit: Callable[[Connection], Any]) -> Any:
    return asyncio.run(open_database(url).run_exclusive(unit))


def test_a_product_becomes_a_first_draft(engine: str, new_database: DatabaseFactory) -> None:
    url = new_database(engine).url
    ids = [uuid7() for _ in BEFORE]

    def before(conn: Connection) -> None:
        upgrade_to(conn, "0003")
        conn.execute(text("INSERT INTO accounts (id, name, created_at) VALUES (:id, 'Acme GmbH', 0)"), {"id": ACCOUNT})
        for product_id, row in zip(ids, BEFORE, strict=True):
            said = {**row, "content": json.dumps(row["content"]), "account_id": ACCOUNT, "id": product_id}
            columns = {"name_key": "x", "revision": 3, "created_at": 1, "updated_at": 2, **said}
            names = ", ".join(columns)
            values = ", ".join(f":{name}" for name in columns)
            conn.execute(text(f"insert into products ({names}) values ({values})"), columns)

    run(url, before)
    run(url, upgrade)
    for product_id, row, expected in zip(ids, BEFORE, AFTER, strict=True):
        shown: ProductView = run(url, partial(find_product_view, account_id=ACCOUNT, product_id=product_id))
        assert json.loads(shown.content) == expected
        assert shown.digest == hashlib.sha256(shown.content.encode()).digest()
        assert (shown.version, shown.version_status) == (1, "DRAFT")
        head = shown.head
        assert (head.sku, head.gtin14, head.category) == (row["sku"], row["gtin14"], row["category"] or None)
        assert (head.status, head.latest_version, head.draft_version) == ("DRAFT", None, 1)
        assert (head.revision, head.created_at, head.updated_at) == (3, 1, 2)
    keys = run(url, lambda conn: conn.execute(text("select search_key from products order by sku")).scalars().all())
    assert keys[0] == "a-1\ndrill ø 8\nacme"


@pytest.fixture
def published(engine: str, new_database: DatabaseFactory) -> str:
    """The address of a database with a product whose version 1 is published and whose version 2 is a draft."""
    url = new_database(engine).url
    asyncio.run(migrate(open_database(url)))

    def fill(conn: Connection) -> None:
        insert_account(conn, ACCOUNT, "Acme GmbH", 0)
        conn.execute(
            text(
                "insert into products (account_id, id, sku, search_key, revision, created_at, updated_at) "
                "values (:a, 'p', 's', 's', 1, 0, 0)"
            ),
            {"a": ACCOUNT},
        )
        for version, status in ((1, "PUBLISHED"), (2, "DRAFT")):
            conn.execute(
                text(
                    "insert into product_versions (account_id, product_id, version, status, digest, created_at, "
                    "created_by, content) values (:a, 'p', :v, :s, :d, 0, 'me', '{}')"
                ),
                {"a": ACCOUNT, "v": version, "s": status, "d": b"d"},
            )

    run(url, fill)
    return url


@pytest.mark.parametrize(
    "statement",
    [
        "update product_versions set content = '[]' where version = 1",
        "update product_versions set digest = null where version = 1",
        "update product_versions set change_note = 'other' where version = 1",
        "update product_versions set published_at = 5 where version = 1",
        "update product_versions set version = 9 where version = 1",
        "update product_versions set status = 'DRAFT' where version = 1",
        "update product_versions set content = '[]', status = 'SUPERSEDED' where version = 1",
        "delete from product_versions where version = 1",
        "delete from product_versions",
        "update product_versions set content = '[]'",
    ],
)
def test_the_database_refuses_to_change_a_published_version(published: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match="a published version never changes"):
        run(published, lambda conn: conn.execute(text(statement)))
    found = run(
        published, lambda conn: conn.execute(text("select version, status, content from product_versions")).all()
    )
    assert sorted(map(tuple, found)) == [(1, "PUBLISHED", "{}"), (2, "DRAFT", "{}")]


def test_the_database_refuses_to_replace_a_published_version(published: str, engine: str) -> None:
    columns = "account_id, product_id, version, status, digest, created_at, created_by, content"
    again = f"into product_versions ({columns}) select {columns.replace('content', repr('[]'))} from product_versions"
    keys = "account_id, product_id, version"
    statement = {
        "sqlite": f"insert or replace {again} where version = 1",
        "postgres": f"insert {again} where version = 1 on conflict ({keys}) do update set content = '[]'",
    }[engine]
    with pytest.raises(DBAPIError, match="a published version never changes"):
        run(published, lambda conn: conn.execute(text(statement)))


def test_a_version_never_returns_to_an_earlier_status(published: str) -> None:
    def stand(status: str) -> Callable[[Connection], Any]:
        values = {"s": status}
        return lambda conn: conn.execute(text("update product_versions set status = :s where version = 1"), values)

    run(published, stand("SUPERSEDED"))
    with pytest.raises(DBAPIError, match="never changes"):
        run(published, stand("PUBLISHED"))
    run(published, stand("WITHDRAWN"))
    for status in ("PUBLISHED", "SUPERSEDED", "WITHDRAWN", "DRAFT"):
        with pytest.raises(DBAPIError, match="never changes"):
            run(published, stand(status))


def test_a_product_has_one_draft_which_can_be_changed(published: str) -> None:
    run(published, lambda conn: conn.execute(text("update product_versions set content = '[]' where version = 2")))
    another = (
        "insert into product_versions (account_id, product_id, version, status, digest, created_at, created_by, "
        "content) "
        "select account_id, product_id, 3, status, digest, 0, 'me', '{}' from product_versions where version = 2"
    )
    with pytest.raises(IntegrityError):
        run(published, lambda conn: conn.execute(text(another)))
    with pytest.raises(DBAPIError):
        run(published, lambda conn: conn.execute(text("delete from products")))
    run(published, lambda conn: conn.execute(text("delete from product_versions where version = 2")))
