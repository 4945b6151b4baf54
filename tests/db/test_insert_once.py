"""What is accepted once, and how it is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Table, select

from conftest import DatabaseFactory
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.identity.accounts.store import accounts
from linkxg.identity.client_assertions.store import purge_assertions, use_assertion, used_assertions
from linkxg.identity.sender_constraint.used_proofs_store import purge_used_proofs, use_proof, used_proofs
from linkxg.identity.single_sign_on.store import add_logout_token, logout_tokens, purge_logout_tokens
from linkxg.ops.tables import register_tables

Use = Callable[[Connection, str, bytes, int], bool]
AT_ONCE = 8
STORES = [
    pytest.param(used_assertions, use_assertion, purge_assertions, id="assertions"),
    pytest.param(used_proofs, use_proof, purge_used_proofs, id="proofs"),
    pytest.param(logout_tokens, add_logout_token, purge_logout_tokens, id="logout-tokens"),
]


def _add_accounts(conn: Connection) -> None:
    for name in ("a", "b"):
        conn.execute(accounts.insert().values(id=name, name=name, slug=name, created_at=0))


def _keys(conn: Connection, table: Table) -> list[tuple[str, bytes]]:
    query = select(table.c.account_id, table.c.digest).order_by(table.c.digest)
    return [(account, bytes(digest)) for account, digest in conn.execute(query)]


@pytest.mark.parametrize(("table", "use", "purge"), STORES)
def test_each_is_accepted_once_and_purged_when_it_has_expired(
    engine: str, new_database: DatabaseFactory, table: Table, use: Use, purge: Callable[..., int]
) -> None:
    register_tables()

    async def run(database: Database) -> None:
        await database.write(_add_accounts)
        outcomes = await asyncio.gather(*(database.write(use, "a", b"same", 50) for _ in range(AT_ONCE)))
        assert sorted(outcomes) == [False] * (AT_ONCE - 1) + [True]
        for number in range(5):
            assert await database.write(use, "a", bytes([number]), 100 + number)
        if table is not used_proofs:
            # Of another account it is another one.
            assert await database.write(use, "b", b"same", 200)
        assert await database.write(purge, now=103, limit=2) == 2
        assert await database.write(purge, now=103, limit=10) == 2
        assert await database.write(purge, now=103, limit=10) == 0
        left = [("a", bytes([3])), ("a", bytes([4]))] + ([] if table is used_proofs else [("b", b"same")])
        assert await database.read(_keys, table) == left

    async def scenario() -> None:
        database = open_database(new_database(engine).url)
        await migrate(database)
        await database.open()
        try:
            await run(database)
        finally:
            await database.close()

    asyncio.run(scenario())
