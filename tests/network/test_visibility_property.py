"""After any sequence of changes, every viewer sees of every product exactly what a small model says.

The verbs run in process, on SQLite; expiry is reached by moving the end of a share into the past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from linkxg.audit.model import Actor
from linkxg.audit.store import insert_head
from linkxg.catalog.products.change_product import change_product
from linkxg.catalog.products.content import Content
from linkxg.catalog.products.create_product import create_product
from linkxg.catalog.products.model import CreateProduct, ProductPatch
from linkxg.catalog.products.publish_product import publish_product
from linkxg.catalog.products.shared_product import view_shared
from linkxg.catalog.products.versions.model import PublishProduct
from linkxg.db import Database, open_database
from linkxg.db.migrations import migrate
from linkxg.errors import NotFound
from linkxg.http.long_answer import LongAnswer
from linkxg.http.request_context import RequestContext
from linkxg.identity.accounts.store import insert_account
from linkxg.ids import uuid7
from linkxg.network.connections.store import connections
from linkxg.network.shared_products.find_page import SharedFilter
from linkxg.network.shared_products.list_shared import list_shared_products
from linkxg.network.shared_products.read_shared import list_shared_versions, read_shared, read_shared_version
from linkxg.network.shares.create_share import create_share, preview_share
from linkxg.network.shares.model import CreateShare
from linkxg.network.shares.withdraw_share import withdraw_share
from network.sharing import in_category
from network.visibility_model import ModelProduct, ModelShare, visible
from products.catalogue import complete

T = TypeVar("T")
PATHS = ("name", "brand", "category", "category.code", "facility.name", "description", "facility")
CATEGORIES = ("c1", "c2")
ACCOUNTS = 3
pytestmark = pytest.mark.any_engine


class _Harness:
    """One database for every example; each example has accounts of its own."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.database = self.run(self._open(folder))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _open(self, folder: Path) -> Database:
        database = open_database(f"sqlite:///{folder / 'linkxg.db'}")
        await migrate(database)
        await database.open()
        return database

    def close(self) -> None:
        self.run(self.database.close())
        self.runner.close()

    def accounts(self) -> list[str]:
        ids = sorted(uuid7() for _ in range(ACCOUNTS))

        def unit(conn: Any) -> None:
            for id in ids:
                insert_account(conn, id, f"Account {id}", 0)
                insert_head(conn, id)

        self.run(self.database.write(unit))
        return ids

    def connect(self, one: str, other: str) -> str:
        id = uuid7()
        sides = ((one, other, "OUTGOING"), (other, one, "INCOMING"))
        rows = [
            {
                "account_id": account, "id": id, "partner_id": partner, "direction": direction, "status": "ACTIVE",
                "relationship": "PARTNER", "invited_at": 0, "expires_at": 0, "responded_at": 0,
            }
            for account, partner, direction in sides
        ]  # fmt: skip
        self.run(self.database.write(lambda conn: conn.execute(connections.insert(), rows)))
        return id


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Harness]:
    made = _Harness(tmp_path_factory.mktemp("visibility"))
    yield made
    made.close()


class _Machine(RuleBasedStateMachine):
    harness: _Harness

    @initialize()
    def begin(self) -> None:
        self.run = self.harness.run
        self.database = self.harness.database
        self.accounts = self.harness.accounts()
        pairs = [(one, other) for one in self.accounts for other in self.accounts if one < other]
        self.connections = {frozenset(pair): self.harness.connect(*pair) for pair in pairs}
        self.products: dict[str, ModelProduct] = {}
        self.drafts: dict[str, dict[str, Any]] = {}
        self.shares: dict[str, ModelShare] = {}
        # Two products with two versions each, so that most shares show something.
        for which, category in enumerate(CATEGORIES):
            self.create(which, category, publish=True)
            self.change(which, category, "Other")
            self.publish(0)

    def _actor(self, account: str) -> Actor:
        return Actor("cli", None, account, "cli", "-")

    @rule(owner=st.integers(0, ACCOUNTS - 1), category=st.sampled_from(CATEGORIES), publish=st.booleans())
    def create(self, owner: int, category: str, publish: bool) -> None:
        account = self.accounts[owner]
        content = complete(category=in_category(category), name=f"Bolt {len(self.products)}")
        gtin = content.pop("gtin")
        given = CreateProduct(f"S-{uuid7()}", msgspec.convert(content, Content), gtin)
        made = self.run(create_product(self.database, self._actor(account), account, given)).value
        self.products[made.id] = ModelProduct(account)
        self.drafts[made.id] = content
        if publish:
            self._publish(made.id)

    @rule(which=st.integers(0, 9), category=st.sampled_from(CATEGORIES), brand=st.sampled_from(("Acme", "Other")))
    def change(self, which: int, category: str, brand: str) -> None:
        if not self.products:
            return
        id = [*self.products][which % len(self.products)]
        owner = self.products[id].owner
        patch = {"category": {"code": category}, "brand": brand}
        given = ProductPatch(content=patch)
        self.run(change_product(self.database, self._actor(owner), owner, id, given, lambda seen: True))
        base = self.drafts.get(id) or self.products[id].versions[-1]
        changed = base | {"brand": brand, "category": base["category"] | {"code": category}}
        # What changes nothing begins no draft.
        if changed != base:
            self.drafts[id] = changed

    @rule(which=st.integers(0, 9), category=st.sampled_from(CATEGORIES))
    def renew(self, which: int, category: str) -> None:
        """A change that is published at once."""
        if self.products:
            self.change(which, category, "Renewed")
            id = [*self.products][which % len(self.products)]
            if id in self.drafts:
                self._publish(id)

    @rule(which=st.integers(0, 9))
    def publish(self, which: int) -> None:
        if self.drafts:
            self._publish([*self.drafts][which % len(self.drafts)])

    def _publish(self, id: str) -> None:
        owner = self.products[id].owner
        published = publish_product(
            self.database, self._actor(owner), owner, id, PublishProduct(), lambda seen: True, ()
        )
        self.run(published)
        self.products[id].versions.append(self.drafts.pop(id))

    @rule(
        pair=st.permutations(range(ACCOUNTS)),
        type=st.sampled_from(("PRODUCT", "CATEGORY", "ALL")),
        which=st.integers(0, 9),
        category=st.sampled_from(CATEGORIES),
        fields=st.none() | st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True),
        all_versions=st.booleans(),
    )
    def share(
        self, pair: list[int], type: str, which: int, category: str, fields: list[str] | None, all_versions: bool
    ) -> None:
        owner, viewer, third = (self.accounts[one] for one in pair)
        own = [id for id, product in self.products.items() if product.owner == owner]
        product = own[which % len(own)] if own and type == "PRODUCT" else None
        if type == "PRODUCT" and product is None:
            return
        given = CreateShare(
            type=type,
            product_id=product,
            category=category if type == "CATEGORY" else None,
            fields=fields,
            versions="ALL" if all_versions else "LATEST",
        )
        connection = self.connections[frozenset((owner, viewer))]
        before = self._answers(third)
        preview = self.run(preview_share(self.database, owner, connection, given))
        actor = self._actor(owner)
        made = self.run(create_share(self.database, actor, owner, connection, given)).value
        self.shares[made.id] = ModelShare(owner, viewer, product, given.category, fields, all_versions)
        for shown in preview.preview:
            assert msgspec.json.encode(shown) == self._answer(viewer, shown.id)
        assert self._answers(third) == before

    @rule(which=st.integers(0, 9), by_clock=st.booleans())
    def end(self, which: int, by_clock: bool) -> None:
        live = [id for id, share in self.shares.items() if share.live]
        if not live:
            return
        id = live[which % len(live)]
        share = self.shares[id]
        others = [account for account in self.accounts if account != share.viewer]
        before = [self._answers(account) for account in others]
        if by_clock:
            ended = text("update shares set expires_at = 1 where id = :id")
            self.run(self.database.write(lambda conn: conn.execute(ended, {"id": id})))
        else:
            self.run(withdraw_share(self.database, self._actor(share.owner), share.owner, id))
        share.live = False
        assert [self._answers(account) for account in others] == before

    @invariant()
    def every_viewer_sees_what_the_model_says(self) -> None:
        shares = [*self.shares.values()]
        for viewer in self.accounts:
            expected: list[tuple[str, str]] = []
            for id, product in self.products.items():
                seen = {
                    number: shown
                    for number in range(1, len(product.versions) + 1)
                    if (shown := visible(shares, viewer, id, product, number)) is not None
                }
                answer = self._answer(viewer, id)
                if len(product.versions) not in seen:
                    assert answer is None
                    continue
                expected.append((product.owner, id))
                self._compare(viewer, id, product, seen, msgspec.json.decode(answer or b""))
            listed = self._list(viewer, 2)
            assert [(one["sharedBy"]["accountId"], one["id"]) for one in listed] == sorted(expected)
            for one in listed:
                assert one == msgspec.json.decode(self._answer(viewer, one["id"]) or b"")

    def _compare(
        self, viewer: str, id: str, product: ModelProduct, seen: dict[int, dict[str, Any]], answer: dict[str, Any]
    ) -> None:
        latest = len(product.versions)
        assert answer["content"] == seen[latest]
        assert answer["version"] == latest
        if seen[latest] != product.versions[-1]:
            assert answer["contentHash"] is None
        _, versions, _ = self.run(
            list_shared_versions(
                self.database, _uncounted, viewer, id, lambda one: one, _unwatched(), before=None, limit=200
            )
        )
        assert {one.version: msgspec.json.decode(one.content) for one in versions} == seen
        for number in range(1, latest + 2):
            try:
                _, one = self.run(read_shared_version(self.database, _uncounted, viewer, id, number))
                assert one in versions
            except NotFound:
                assert number not in seen

    def _answer(self, viewer: str, id: str) -> bytes | None:
        try:
            return msgspec.json.encode(view_shared(self.run(read_shared(self.database, _uncounted, viewer, id))))
        except NotFound:
            return None

    def _answers(self, viewer: str) -> list[bytes | None]:
        return [self._answer(viewer, id) for id in self.products]

    def _list(self, viewer: str, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        place = None
        while True:
            page, place = self.run(
                list_shared_products(
                    self.database, _uncounted, viewer, SharedFilter(), view_shared, _unwatched(), after=place,
                    limit=limit,
                )
            )  # fmt: skip
            found += [msgspec.json.decode(msgspec.json.encode(one)) for one in page]
            if place is None:
                return found


def _uncounted(*_: Any) -> None:
    pass


def _unwatched() -> LongAnswer:
    async def connected() -> Any:
        await asyncio.get_running_loop().create_future()

    return LongAnswer(RequestContext("GET", "-", "-", [], connected))


def test_every_viewer_sees_what_the_model_says(harness: _Harness) -> None:
    machine = type("Machine", (_Machine,), {"harness": harness})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30, stateful_step_count=15, deadline=None, suppress_health_check=checks, database=None
        ),
    )
