"""A read of several statements sees one snapshot, whatever is committed in between.

PostgreSQL only: with SQLite a change cannot be committed in the middle of a read of the same worker, and the
transaction around each read is a snapshot for those of other workers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import uuid4

import asyncpg
import pytest

from console.browser import Visitor
from harness.answers import Answer
from harness.clients import make_client
from harness.world import World
from products.catalogue import new_gtin

RUNS_ON = ("postgres-2",)
T = TypeVar("T")
WAITING = (
    "SELECT count(*) FROM pg_locks WHERE relation = $1::text::regclass AND mode = 'AccessShareLock' AND NOT granted"
)


class Change(NamedTuple):
    """`table` is one that the read comes to after its first statement; `sql` changes what it would find there."""

    table: str
    sql: str


REVOKED = Change("client_secrets", "UPDATE client_secrets SET revoked_at = 1 WHERE client_id = '{client}'")
CHANGES = {
    "/oauth/clients/{client}": REVOKED,
    "/oauth/clients?limit=200": REVOKED,
    "/products/{product}/versions": Change(
        "product_versions", "UPDATE product_versions SET change_note = 'new' WHERE product_id = '{product}'"
    ),
    "/products?gtin={gtin}": Change(
        "product_versions", "UPDATE products SET gtin14 = NULL, gtin_length = NULL WHERE id = '{product}'"
    ),
    "/auth/me": Change("accounts", "UPDATE accounts SET created_at = created_at - 60000 WHERE id = '{account}'"),
}


async def _meanwhile(arena: World, change: Change, read: Callable[[], T]) -> T:
    """What `read` gives when the change is committed while it waits for the table."""
    connection = await asyncpg.connect(arena.server.database.url)
    try:
        with ThreadPoolExecutor(1) as pool:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {change.table} IN ACCESS EXCLUSIVE MODE")
                reading = asyncio.get_running_loop().run_in_executor(pool, read)
                deadline = time.monotonic() + 10
                while not await connection.fetchval(WAITING, change.table):
                    assert time.monotonic() < deadline
                    assert not reading.done()
                    await asyncio.sleep(0.01)
                await connection.execute(change.sql)
            return await reading
    finally:
        await connection.close()


@pytest.mark.parametrize("path", CHANGES)
def test_a_response_does_not_mix_states_before_and_after_a_change(arena: World, path: str) -> None:
    bearer, client = arena.owner.access, make_client(arena.api, arena.owner)
    gtin = new_gtin()
    body = {"sku": f"S-{uuid4()}", "gtin": gtin, "content": {"name": "Bolt"}}
    product = arena.api.post("/products", bearer=bearer, json=body).expect(201).data()["id"]
    names = {"client": client.client_id, "product": product, "gtin": gtin, "account": arena.account.account_id}
    table, sql = CHANGES[path]

    def read() -> Answer:
        with arena.server.client() as line:
            return line.get(path.format(**names), bearer=bearer).expect(200)

    before = read()
    during = asyncio.run(_meanwhile(arena, Change(table, sql.format(**names)), read))
    assert during.json() == before.json()
    assert read().json() != before.json()


def test_a_client_renamed_during_a_search_is_found_by_one_of_its_names(arena: World) -> None:
    word = uuid4().hex
    found, other = (make_client(arena.api, arena.owner, client_name=name) for name in (f"{word} ERP", "Warehouse"))
    renamed = Change("client_secrets", f"UPDATE oauth_clients SET name = '{word} PIM' WHERE id = '{other.client_id}'")
    visitor = Visitor(arena.server.url, arena.vault)
    visitor.sign_in(arena.person("OWNER"))
    arena.vault.remember("console cookie", str(visitor.http.cookies["linkxg"]))
    search = partial(visitor.get, f"/account/api-access?q={word}")
    during = asyncio.run(_meanwhile(arena, renamed, search))
    visitor.close()
    assert during.status_code == 200
    assert found.client_id in during.text
    assert other.client_id not in during.text
