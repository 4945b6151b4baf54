"""Accounts from before connections get a slug each, which their partners can type."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, text

from conftest import DatabaseFactory
from db.revisions import upgrade_to
from linkxg.db import open_database
from linkxg.identity.accounts.slug import is_slug
from linkxg.ids import uuid7
from linkxg.ops.tables import register_tables

NAMES = ("Müller & Söhne GmbH", "Müller & Söhne GmbH", "日本", "中国", "Products", "partners", "A", "1st", "x" * 200)


def _before(conn: Connection) -> None:
    upgrade_to(conn, "0011")
    for name in NAMES:
        values = {"id": uuid7(), "name": name}
        conn.execute(text("INSERT INTO accounts (id, name, created_at) VALUES (:id, :name, 1)"), values)


def _after(conn: Connection) -> dict[str, str]:
    upgrade_to(conn, "0012")
    return {slug: name for name, slug in conn.execute(text("SELECT name, slug FROM accounts"))}


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_account_gets_a_slug_of_its_own(new_database: DatabaseFactory, engine: str) -> None:
    register_tables()
    url = new_database(engine).url
    asyncio.run(open_database(url).run_exclusive(_before))
    found = asyncio.run(open_database(url).run_exclusive(_after))
    assert sorted(found.values()) == sorted(NAMES)
    assert [slug for slug in found if not is_slug(slug)] == []
    assert found["muller-sohne-gmbh"] == NAMES[0]
