"""Migration 0028 issues the passports of what is published; their versions are immutable. Security rule 241."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from conftest import DatabaseFactory
from db.revisions import upgrade_to
from linkxg.db import open_database
from linkxg.db.migrations import upgrade
from linkxg.ids import is_uuid, uuid7
from linkxg.network.passports.issue import store
from linkxg.network.passports.read import store as read_store

ACCOUNT = uuid7()
PRODUCTS = {
    # id: (GTIN, status, latest version)
    "published": ("04006381333931", "PUBLISHED", 2),
    "drafted": ("04012345000009", "DRAFT", None),
    "archived": ("04006381333931", "ARCHIVED", 1),
    "without": (None, "PUBLISHED", 1),
}


def run(url: str, unit: Callable[[Connection], Any]) -> Any:
    return asyncio.run(open_database(url).run_exclusive(unit))


def _fill(conn: Connection) -> None:
    upgrade_to(conn, "0027")
    account = {"a": ACCOUNT}
    conn.execute(text("insert into accounts (id, name, created_at, slug) values (:a, 'Acme', 0, 'acme')"), account)
    for product_id, (gtin, status, latest) in PRODUCTS.items():
        values = {"a": ACCOUNT, "p": product_id, "g": gtin, "s": status, "v": latest}
        conn.execute(
            text(
                "insert into products (account_id, id, sku, gtin14, search_key, revision, created_at, updated_at, "
                "status, latest_version) values (:a, :p, :p, :g, 'x', 1, 0, 9, :s, :v)"
            ),
            values,
        )
        if latest:
            conn.execute(
                text(
                    "insert into product_versions (account_id, product_id, version, status, digest, created_at, "
                    "created_by, published_at, published_by, content) values (:a, :p, :v, 'PUBLISHED', :d, 1, 'me', 7, "
                    "'me', '{}')"
                ),
                {**values, "d": b"x"},
            )


@pytest.fixture
def migrated(engine: str, new_database: DatabaseFactory) -> str:
    url = new_database(engine).url
    run(url, _fill)
    run(url, upgrade)
    return url


def test_what_is_published_has_its_passport(migrated: str) -> None:
    passports = run(migrated, lambda conn: conn.execute(text("select * from passports")).mappings().all())
    (passport,) = passports
    assert is_uuid(passport["id"])
    assert (passport["product_id"], passport["gtin14"], passport["version"]) == ("published", "04006381333931", 1)
    (version,) = run(migrated, lambda conn: conn.execute(text("select * from passport_versions")).mappings().all())
    assert (version["passport_id"], version["version"]) == (passport["id"], 1)
    assert (version["product_id"], version["product_version"], version["issued_at"]) == ("published", 2, 7)


@pytest.mark.parametrize(
    "change",
    [
        "update passport_versions set product_version = 1",
        "update passport_versions set details = '{}'",
        "delete from passport_versions",
    ],
)
def test_a_version_of_a_passport_never_changes(migrated: str, change: str) -> None:
    with pytest.raises((DBAPIError, IntegrityError), match="never changes"):
        run(migrated, lambda conn: conn.execute(text(change)))


@pytest.mark.any_engine
def test_the_models_of_products_are_looked_up_in_indexes(new_database: DatabaseFactory) -> None:
    """Each publication of a further version looks for them: a scan would read all passports."""
    database = new_database("sqlite")
    run(database.url, upgrade)
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as connection:
        for statement in (*store._MODELS_BY_PRODUCT, read_store._OF_PRODUCT):
            parameters = [""] * statement.text.count("?")
            plan = [row[3] for row in connection.execute(f"explain query plan {statement.text}", parameters)]
            read = [step for step in plan if " passports" in step]
            assert read
            assert all(
                step.startswith("SEARCH") and ("(id=?)" in step or "ix_passports_model_product_id" in step)
                for step in read
            ), plan
