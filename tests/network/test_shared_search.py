"""A search of shared products: what it matches, what it reads, and what ends it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import Connection

from conftest import DatabaseFactory
from harness.answers import Answer
from harness.clients import get_token, make_client
from harness.databases import PostgresDatabase, SqliteDatabase
from harness.rows import execute
from harness.world import World
from linkxg.catalog.products.bulk.model import PlannedWrite
from linkxg.catalog.products.bulk.store import write_planned
from linkxg.catalog.products.canonical import canonical
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.share_store import insert_share
from linkxg.catalog.products.shared_list_store import list_shared_page
from linkxg.catalog.products.shared_model import START, SharedProductView
from linkxg.clock import now_ms
from linkxg.db import Database, open_database
from linkxg.db.compiled import driver
from linkxg.db.migrations import migrate
from linkxg.errors import InvalidRequest, InvalidToken, RateLimitExceeded, TemporarilyUnavailable
from linkxg.http.long_answer import LONG_S, LongAnswer
from linkxg.http.request_context import RequestContext
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7
from linkxg.network.shared_products.find_page import SharedFilter
from linkxg.network.shared_products.list_shared import list_shared_products
from linkxg.network.shared_products.search_slots import MAX_SEARCHES, MAX_SEARCHES_OF_ACCOUNT, search_slot
from linkxg.ops.tables import register_tables
from network.sharing import SHARED, end_shares, ids_of, list_shared, share
from products.catalogue import published

MANY = 6
"""Large contents."""


class Shared:
    """Two accounts over one database, one of which shares with the other."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.owner, self.viewer, self.connection = uuid7(), uuid7(), uuid7()

    async def begin(self) -> None:
        for account_id in (self.owner, self.viewer):
            await self.database.write(insert_account, account_id, "Company", 0)

    async def share(self, type: str = "ALL", **terms: Any) -> None:
        common = {"viewer_id": self.viewer, "connection_id": self.connection, "versions": "LATEST", "trace_tiers": 0}
        common |= {"traceability": "NONE", "passport_roles": "[]", "created_at": 0, "created_by": "-"}
        await self.database.write(lambda conn: insert_share(conn, self.owner, id=uuid7(), type=type, **common, **terms))

    async def publish(self, count: int, size: int = 10, category: str = "c1") -> None:
        def unit(conn: Connection) -> None:
            planned = []
            for number in range(count):
                name = f"Bolt {number}"
                form = canonical({"name": name, "description": "x" * size, "category": {"code": category}})
                head = ProductRecord.draft(uuid7(), f"S-{uuid4()}", None, category, number)
                head = head._replace(status="PUBLISHED", latest_version=1, draft_version=None)
                key = f"{head.sku}\n{name}\n\n".lower()
                planned.append(PlannedWrite.new_product(head, key, form.digest, form.text)._replace(publishes=True))
            write_planned(conn, self.owner, "-", planned)

        await self.database.write(unit)

    async def list(
        self,
        represent: Callable[[SharedProductView], Any],
        answer: LongAnswer | None = None,
        *,
        limit: int = 200,
        search_key: str | None = None,
    ) -> list[Any]:
        criteria = SharedFilter(search_key=search_key)
        found, _ = await list_shared_products(
            self.database, _uncounted, self.viewer, criteria, represent, answer or waiting(), after=None, limit=limit
        )
        return found

    async def withdraw(self) -> None:
        await self.database.write(
            lambda conn: conn.exec_driver_sql(f"update shares set withdrawn_at = 1 where account_id = '{self.owner}'")
        )


def _uncounted(*_: Any) -> None:
    pass


Story = Callable[[Shared], Awaitable[None]]


def waiting(*, has_left: bool = False, is_revoked: bool = False) -> LongAnswer:
    async def receive() -> Any:
        if not has_left:
            await asyncio.get_running_loop().create_future()
        return {"type": "http.disconnect"}

    async def authorise() -> None:
        if is_revoked:
            raise InvalidToken

    context = RequestContext("GET", "-", "-", [], receive)
    context.authorise_again = authorise
    return LongAnswer(context)


@pytest.fixture(scope="module")
def url(engine: str, new_database: DatabaseFactory) -> str:
    """The address of a database whose accounts are those of the stories."""
    register_tables()
    made = new_database(engine).url
    asyncio.run(migrate(open_database(made)))
    return made


@pytest.fixture
def run(url: str) -> Callable[[Story], None]:
    """Runs a story with two accounts of its own."""

    def start(story: Story) -> None:
        async def run_story() -> None:
            database = open_database(url)
            await database.open()
            try:
                shared = Shared(database)
                await shared.begin()
                await story(shared)
            finally:
                await database.close()

        asyncio.run(run_story())

    return start


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


def test_others_get_their_turn_between_large_contents(run: Callable[[Story], None]) -> None:
    async def story(shared: Shared) -> None:
        await shared.publish(MANY, 100_000)
        await shared.share(fields='["name"]')
        turns = 0
        seen: list[int] = []

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        running = asyncio.ensure_future(others())
        for wanted in ("bolt", None):
            seen.clear()
            assert len(await shared.list(lambda _: seen.append(turns), limit=50, search_key=wanted)) == MANY
            assert len(set(seen)) == MANY, wanted
        running.cancel()

    run(story)


def test_what_is_withdrawn_while_an_answer_is_made_is_not_in_it(run: Callable[[Story], None]) -> None:
    async def story(shared: Shared) -> None:
        await shared.publish(2, 100_000)
        shown: list[int] = []

        class Withdrawing(LongAnswer):
            async def pause(self) -> None:
                await asyncio.sleep(LONG_S)
                await shared.withdraw()
                if len(shown) > 2:
                    await shared.share(fields='["name"]')

        def represent(one: SharedProductView) -> int:
            shown.append(len(one.grants))
            return len(one.grants)

        for wanted in ("bolt", None):
            await shared.share(fields='["name"]')
            await shared.share()
            answer = Withdrawing(waiting()._context)
            found = await shared.list(represent, answer, limit=50, search_key=wanted)
            # The second time, another share has come in place of the two.
            assert (shown, found) == (([2, 2], []) if len(shown) == 2 else ([2, 2] * 2 + [1, 1], [1, 1]))

    run(story)


def test_a_caller_who_is_revoked_while_an_answer_is_made_gets_none(run: Callable[[Story], None]) -> None:
    async def story(shared: Shared) -> None:
        await shared.publish(1)
        await shared.share()
        for wanted in ("bolt", None):
            with pytest.raises(InvalidToken):
                await shared.list(lambda _: time.sleep(LONG_S), waiting(is_revoked=True), limit=50, search_key=wanted)

    run(story)


def test_a_search_ends_when_its_client_leaves(run: Callable[[Story], None]) -> None:
    async def story(shared: Shared) -> None:
        await shared.publish(MANY, 100_000)
        await shared.share()
        seen: list[str] = []
        with pytest.raises(InvalidRequest):
            await shared.list(lambda one: seen.append(one.view.head.id), waiting(has_left=True), search_key="bolt")
        assert len(seen) == 1

    run(story)


def test_an_account_and_a_worker_have_few_searches_at_a_time(run: Callable[[Story], None]) -> None:
    async def story(shared: Shared) -> None:
        async def search(**page: Any) -> None:
            assert await shared.list(lambda _: None, waiting(), **page) == []

        with ExitStack() as held:
            for _ in range(MAX_SEARCHES_OF_ACCOUNT):
                held.enter_context(search_slot(shared.viewer))
            with pytest.raises(RateLimitExceeded) as refused:
                await search(search_key="bolt")
            assert refused.value.retry_after == 1
            with pytest.raises(RateLimitExceeded):
                await search(limit=200)
            await search(limit=50)
        with ExitStack() as held:
            for number in range(MAX_SEARCHES):
                held.enter_context(search_slot(f"{number}"))
            with pytest.raises(TemporarilyUnavailable):
                await search(search_key="bolt")
            await search(limit=50)
        await search(search_key="bolt")

    run(story)


def test_many_shares_of_a_category_cost_a_list_no_more_than_one(run: Callable[[Story], None]) -> None:
    """Counted in steps of the virtual machine of SQLite."""

    async def story(shared: Shared) -> None:
        await shared.publish(60)

        def steps(conn: Connection) -> int:
            if shared.database.dialect != "sqlite":
                return 1
            count = 0

            def step() -> None:
                nonlocal count
                count += 1

            driver(conn).set_progress_handler(step, 10)
            found, _ = list_shared_page(conn, shared.viewer, START, now_ms(), 1, owner_id=None, owners=10)
            driver(conn).set_progress_handler(None, 10)
            assert len(found) == 1
            return count

        await shared.share("CATEGORY", category="c1")
        one = await shared.database.read(steps)
        for _ in range(99):
            await shared.share("CATEGORY", category="c1")
        assert await shared.database.read(steps) < 16 * one
        assert await shared.list(lambda shown: len(shown.grants), limit=50) == [100] * 50

    run(story)


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
    finally:
        await other.close()
    asking.join()
