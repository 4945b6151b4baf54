"""Migration 0010 gives people with international domains the key by which they are found."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, text

from conftest import DatabaseFactory
from db.revisions import upgrade_to
from linkxg.db import open_database
from linkxg.identity.accounts.model import email_key
from linkxg.ids import uuid7
from linkxg.ops.tables import register_tables

ACCOUNT = uuid7()
BEFORE = ("einkauf@müller.example", "jürgen@acme.example", "both@müller.example", "both@xn--mller-kva.example")
AFTER = ("einkauf@xn--mller-kva.example", "jürgen@acme.example", "both@müller.example", "both@xn--mller-kva.example")


def _before(conn: Connection) -> None:
    upgrade_to(conn, "0009")
    conn.execute(text("INSERT INTO accounts (id, name, created_at) VALUES (:id, 'Acme', 1)"), {"id": ACCOUNT})
    for number, key in enumerate(BEFORE):
        conn.execute(
            text(
                "INSERT INTO users (account_id, id, email, email_key, role, password_hash, disabled, epoch, created_at)"
                " VALUES (:account, :id, :key, :key, 'MEMBER', '-', false, 0, 1)"
            ),
            {"account": ACCOUNT, "id": f"{uuid7()[:-1]}{number}", "key": key},
        )


def _after(conn: Connection) -> list[str]:
    upgrade_to(conn, "0010")
    return list(conn.execute(text("SELECT email_key FROM users ORDER BY created_at, id")).scalars())


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_people_stored_before_the_migration_are_found_by_their_address(
    new_database: DatabaseFactory, engine: str
) -> None:
    register_tables()
    url = new_database(engine).url
    asyncio.run(open_database(url).run_exclusive(_before))
    assert sorted(asyncio.run(open_database(url).run_exclusive(_after))) == sorted(AFTER)
    assert email_key(BEFORE[0]) == AFTER[0]
