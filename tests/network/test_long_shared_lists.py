"""Lists of shared products that take long: others get their turn, and they end with their client or its right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection

from conftest import DatabaseFactory
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
