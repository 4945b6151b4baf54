"""Shares, withdrawals, publications and the end of a connection at once: visibility and feed agree, never a 5xx."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from harness.answers import JsonObject
from harness.concurrency import concurrently
from harness.rows import count_rows, trail
from harness.world import World
from linkxg.clock import now_ms
from network.connected import decide, read, send, sent
from network.partners import act
from network.shared_feed import entries_after, newest
from network.sharing import (
    connection_of,
    feed_of,
    in_category,
    post_share,
    read_shared,
    rfc3339,
    share,
    withdraw,
)
from products.catalogue import change, complete, create, delete, new_gtin, publish, published
from products.catalogue import withdraw as withdraw_version

pytestmark = pytest.mark.usefixtures("without_shares")

ROUNDS = 6


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    return concurrently(calls)


def live_shares(world: World, connection: str) -> int:
    return count_rows(world.server.database, f"shares where connection_id = '{connection}' and withdrawn_at is null")


def revoke(world: World, connection: str) -> int:
    return act(world, world.other_owner, {"id": connection}, "revoke").status


def entries(world: World, *ids: str) -> list[str]:
    """The types of the viewer's entries of these shares and products."""
    return [type for type, id in feed_of(world, world.other.account_id) if id in ids]


def audited(world: World, *steps: tuple[str, str]) -> list[str]:
    """These actions on these targets in the order in which they were committed."""
    return [row.action for row in trail(world.server.database, world.account.account_id) if row[0::3] in steps]


def test_no_share_outlives_a_connection_that_ends_at_the_same_time(world: World) -> None:
    product = published(world)
    for _ in range(ROUNDS):
        connection = connection_of(world)
        terms = {"type": "PRODUCT", "productId": product["id"]}
        sharing = [partial(post_share, world, connection=connection, **terms) for _ in range(3)]
        *made, revoked = at_once(*sharing, partial(act, world, world.other_owner, {"id": connection}, "revoke"))
        assert revoked.status == 200
        assert {answer.status for answer in made} <= {201, 409}
        assert live_shares(world, connection) == 0
        for answer in made:
            if answer.status == 201:
                assert entries(world, answer.data()["id"]) == ["SHARE_ADDED", "SHARE_REMOVED"]
    read_shared(world, product).expect(404, "not_found")


def test_no_approval_outlives_a_connection_that_ends_at_the_same_time(world: World) -> None:
    product = published(world)
    terms = {"expiresAt": rfc3339(now_ms() + 86_400_000)}
    for _ in range(ROUNDS):
        request = sent(world, productId=product["id"])
        connection = request["connectionId"]
        approved, revoked = at_once(
            partial(decide, world, world.owner, request, "approve", json=terms),
            partial(act, world, world.owner, {"id": connection}, "revoke"),
        )
        assert revoked.status == 200
        assert approved.status in (200, 409)
        assert live_shares(world, connection) == 0
    read_shared(world, product).expect(404, "not_found")


def test_no_request_outlives_a_connection_that_ends_at_the_same_time(world: World) -> None:
    for _ in range(ROUNDS):
        connection = connection_of(world)
        pending = sent(world, gtin=new_gtin())
        answer, cancelled, status = at_once(
            partial(send, world, world.other_owner, connection, gtin=new_gtin()),
            partial(decide, world, world.other_owner, pending, "cancel"),
            partial(revoke, world, connection),
        )
        assert (answer.status in (201, 409), cancelled.status in (200, 409), status) == (True, True, 200)
        ids = [pending["id"]] + ([answer.data()["id"]] if answer.status == 201 else [])
        for id in ids:
            assert read(world, world.owner, {"id": id}).expect(200).data()["status"] == "CANCELLED"
        where = f"account_id = '{world.account.account_id}' and type = 'REQUEST_CANCELLED' and request_id"
        assert [count_rows(world.server.database, f"feed_entries where {where} = '{id}'") for id in ids] == [1] * len(
            ids
        )


def test_a_page_is_either_before_or_after_the_end_of_a_connection(world: World) -> None:
    products = [published(world) for _ in range(3)]
    wanted = {product["id"] for product in products}

    def read_pages() -> list[int]:
        """How many of the products each page showed."""
        found = []
        for _ in range(6):
            page = world.api.get("/shared/products?limit=200", bearer=world.other_owner.access).expect(200).object()
            found.append(len(wanted & {one["id"] for one in page["data"]}))
            assert read_shared(world, products[0]).status in (200, 404)
        return found

    for _ in range(2):
        connection = connection_of(world)
        for product in products:
            share(world, product)
        *pages, status = at_once(read_pages, read_pages, read_pages, partial(revoke, world, connection))
        assert status == 200
        for found in pages:
            assert set(found) <= {0, len(products)}
            assert found == sorted(found, reverse=True)


def test_a_share_withdrawn_while_the_connection_ends_is_removed_once(world: World) -> None:
    for _ in range(ROUNDS):
        made = share(world, published(world))
        answers = at_once(
            partial(withdraw, world, made),
            partial(act, world, world.other_owner, {"id": made["connectionId"]}, "revoke"),
        )
        assert [answer.status for answer in answers] == [204, 200]
        assert entries(world, made["id"]) == ["SHARE_ADDED", "SHARE_REMOVED"]


def test_a_new_share_survives_the_withdrawal_of_another(world: World) -> None:
    product = published(world)
    for _ in range(ROUNDS):
        former = share(world, product)
        made, withdrawn = at_once(partial(share, world, product, fields=["brand"]), partial(withdraw, world, former))
        withdrawn.expect(204)
        assert set(read_shared(world, product).expect(200).data()["content"]) == {"brand"}
        withdraw(world, made).expect(204)


def _published_beside(world: World, product: JsonObject, made: JsonObject, action: str) -> tuple[list[str], list[str]]:
    """(the entries of a share and its product, the order of the publication and that action on the share)."""
    steps = audited(world, ("product.published", product["id"]), (action, made["id"]))
    return entries(world, made["id"], product["id"]), steps


def test_a_publication_is_in_the_feed_only_before_the_withdrawal(world: World) -> None:
    for _ in range(ROUNDS):
        product = create(world, **complete())
        made = share(world, product)
        answers = at_once(partial(publish, world, product), partial(withdraw, world, made))
        assert [answer.status for answer in answers] == [200, 204]
        found, steps = _published_beside(world, product, made, "share.withdrawn")
        # Shares of one product name it in their entries too: the share comes first in `feed_of`.
        assert found[0] == "SHARE_ADDED"
        if steps[0] == "product.published":
            assert found[1:] == ["PRODUCT_PUBLISHED", "SHARE_REMOVED"]
        else:
            assert found[1:] == ["SHARE_REMOVED"]
        read_shared(world, product).expect(404, "not_found")


def test_no_publication_after_a_share_is_missing_in_the_feed(world: World) -> None:
    for _ in range(ROUNDS):
        product = create(world, **complete())
        made, answer = at_once(partial(share, world, None), partial(publish, world, product))
        answer.expect(200)
        found, steps = _published_beside(world, product, made, "share.created")
        assert found == ["SHARE_ADDED", *(["PRODUCT_PUBLISHED"] if steps[0] == "share.created" else [])]
        read_shared(world, product).expect(200)
        withdraw(world, made).expect(204)


def test_a_change_of_a_product_is_in_the_feed_only_within_the_share(world: World) -> None:
    """The product is archived, a version of it withdrawn, or its category changed, while a share begins and ends."""
    category = "99011"
    for ends in (False, True) * 3:
        product = published(world, category=in_category(category))
        change(world, product, {"content": {"category": {"code": "99012"}}}).expect(200)
        for action, kind, call in (
            ("product.withdrawn", "PRODUCT_WITHDRAWN", partial(withdraw_version, world, product, 1)),
            ("product.published", "SHARE_REMOVED", partial(publish, world, product)),
            ("product.archived", "PRODUCT_ARCHIVED", partial(delete, world, product)),
        ):
            terms = {"type": "CATEGORY", "category": category if action != "product.archived" else "99012"}
            sharing = partial(share, world, None, **terms)
            made = sharing() if ends else None
            begin = newest(world)
            beside = partial(withdraw, world, made) if made else sharing
            other, answer = at_once(beside, call)
            assert answer.status < 300
            made = made or other
            step = "share.withdrawn" if ends else "share.created"
            steps = audited(world, (action, product["id"]), (step, made["id"]))[-2:]
            is_told = (steps[0] == action) == ends
            found = [entry["type"] for entry in entries_after(world, begin) if entry["productId"] == product["id"]]
            assert found == ([kind] if is_told else []), (action, steps)
            withdraw(world, made).expect(204)
