"""A search of shared products over HTTP: what it matches, what it reads, and for whom it is answered."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import asyncpg

from harness.answers import Answer
from harness.clients import get_token, make_client
from harness.databases import PostgresDatabase, SqliteDatabase
from harness.rows import execute
from harness.world import World
from linkxg.http.long_answer import LONG_S
from linkxg.ids import uuid7
from network.sharing import SHARED, end_shares, ids_of, list_shared, share
from products.catalogue import published


def test_a_search_matches_the_names_that_are_shown(world: World) -> None:
    end_shares(world)
    words = {name: uuid4().hex for name in ("name", "brand", "modelNumber")}
    product = published(world, **words)
    unbranded = published(world, name=words["name"], brand=None, modelNumber=words["modelNumber"])
    for shown in (["name"], ["brand"], ["modelNumber"], ["brand", "description"], ["name", "modelNumber"], None):
        end_shares(world)
        for one in (product, unbranded):
            share(world, one, **({} if shown is None else {"fields": shown}))
        for name, word in words.items():
            is_shown = shown is None or name in shown
            expected = {product["id"]} if is_shown else set()
            if is_shown and name != "brand":
                expected.add(unbranded["id"])
            assert ids_of(list_shared(world, f"q={word[:20].upper()}")) == expected, (shown, name)


def test_names_of_keys_without_a_line_for_each_are_told_apart(world: World) -> None:
    end_shares(world)
    word, other = uuid4().hex, uuid4().hex
    product = published(world, brand=None, modelNumber=word, name=other)
    key = f"{product['sku'].lower()}\n{other}\n{word}"
    execute(world.server.database, f"update products set search_key = '{key}' where id = '{product['id']}'")
    made = share(world, product, fields=["brand"])
    assert list_shared(world, f"q={word}") == []
    share(world, product, fields=["modelNumber"])
    assert ids_of(list_shared(world, f"q={word}")) == {product["id"]} == {made["productId"]}


def test_contents_that_do_not_match_are_not_read(world: World) -> None:
    """A content that no program can read proves it."""
    end_shares(world)
    product = published(world)
    with _unreadable(world) as sku:
        share(world)
        assert list_shared(world, f"q={uuid4().hex}") == []
        assert sku not in [one["sku"] for one in list_shared(world, f"q={product['sku']}")]
        end_shares(world)


@contextmanager
def _unreadable(world: World) -> Iterator[str]:
    """A product whose published version is not JSON, made behind the program's back."""
    database, account_id, id, sku = world.server.database, world.account.account_id, uuid7(), f"S-{uuid4()}"
    execute(
        database,
        "insert into products (account_id, id, sku, search_key, revision, created_at, updated_at, status, "
        f"latest_version) values ('{account_id}', '{id}', '{sku}', '{sku.lower()}', 1, 0, 0, 'PUBLISHED', 1)",
    )
    digest = "x'00'" if isinstance(database, SqliteDatabase) else "'\\x00'"
    execute(
        database,
        "insert into product_versions (account_id, product_id, version, status, digest, created_at, created_by, "
        f"content) values ('{account_id}', '{id}', 1, 'DRAFT', {digest}, 0, '-', 'unreadable')",
    )
    try:
        yield sku
    finally:
        execute(database, f"delete from product_versions where product_id = '{id}'")
        execute(database, f"delete from products where id = '{id}'")


def test_a_search_that_waited_is_authorised_before_it_is_answered(world: World) -> None:
    """PostgreSQL alone can be made to wait from outside."""
    database = world.server.database
    if not isinstance(database, PostgresDatabase):
        return
    end_shares(world)
    product = published(world)
    share(world, product)
    client = make_client(world.api, world.other_owner, "connections:read")
    answers: list[Answer] = []
    for query in (f"?q={product['sku']}", ""):
        token = get_token(world.api, client)
        asking = threading.Thread(target=_ask, args=(world, query, token, answers))
        asyncio.run(_held(database, asking, partial(_disable, world, client.client_id, token)))
        answers.pop().expect(401, "invalid_token")
        _set_disabled(world, client.client_id, False)


def _disable(world: World, client_id: str, token: str) -> None:
    _set_disabled(world, client_id, True)
    # Another node learns of it a moment later.
    while world.api.get("/connections", bearer=token).status != 401:
        pass


def _set_disabled(world: World, client_id: str, disabled: bool) -> None:
    path = f"/oauth/clients/{client_id}"
    world.api.patch(path, bearer=world.other_owner.access, json={"disabled": disabled}).expect(200)


def _ask(world: World, query: str, token: str, answers: list[Answer]) -> None:
    answers.append(world.api.get(f"{SHARED}{query}", bearer=token))


async def _held(database: PostgresDatabase, asking: threading.Thread, meanwhile: Callable[[], object]) -> None:
    """Contents cannot be read from before the request until after `meanwhile`."""
    other = await asyncpg.connect(database.url.replace("postgresql+asyncpg", "postgresql"))
    try:
        async with other.transaction():
            await other.execute("lock table product_versions in access exclusive mode")
            asking.start()
            waits = "not granted and relation = 'product_versions'::regclass"
            deadline = time.monotonic() + 3
            while not await other.fetchval(f"select count(*), pg_sleep(0.01) from pg_locks where {waits}"):
                assert time.monotonic() < deadline
            meanwhile()
            # An answer within this time is not authorised again.
            await asyncio.sleep(LONG_S)
    finally:
        await other.close()
    asking.join()
