"""`GET /shared/changes`: in the order of commits, without gaps, and never after a revocation."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.answers import JsonObject
from harness.clients import ALL_SCOPES, get_token, make_client, revoke
from harness.rows import execute
from harness.world import World
from linkxg.clock import now_ms
from network.shared_feed import CHANGES, entries_after, entries_cursor, insert_share, newest, read_feed, types_after
from products.catalogue import change, complete, create, delete, path, publish, published, withdraw

pytestmark = pytest.mark.usefixtures("without_shares")


def test_a_viewer_is_told_each_step_of_a_shared_product(world: World) -> None:
    product = create(world, **complete())
    insert_share(world, product=product)
    begin = newest(world)
    publish(world, product).expect(200)
    change(world, product, {"content": {"brand": "Other"}}).expect(200)
    publish(world, product).expect(200)
    withdraw(world, product, 1).expect(200)
    delete(world, product).expect(204)
    world.api.post(f"{path(product)}/unarchive", bearer=world.owner.access).expect(200)
    found = entries_after(world, begin)
    assert [(entry["type"], entry["version"]) for entry in found] == [
        ("PRODUCT_PUBLISHED", 1), ("PRODUCT_UPDATED", 2), ("PRODUCT_WITHDRAWN", 1), ("PRODUCT_ARCHIVED", None),
        ("PRODUCT_UNARCHIVED", None),
    ]  # fmt: skip
    assert {entry["productId"] for entry in found} == {product["id"]}
    seqs = [entry["seq"] for entry in found]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_an_earlier_version_is_withdrawn_only_for_those_who_see_all_versions(world: World) -> None:
    product = published(world)
    change(world, product, {"content": {"brand": "Other"}}).expect(200)
    publish(world, product).expect(200)
    insert_share(world, product=product, versions="LATEST")
    begin = newest(world)
    withdraw(world, product, 1).expect(200)
    assert entries_after(world, begin) == []
    insert_share(world, versions="ALL")
    change(world, product, {"content": {"brand": "Third"}}).expect(200)
    publish(world, product).expect(200)
    begin = newest(world)
    withdraw(world, product, 2).expect(200)
    withdraw(world, product, 3).expect(200)
    found = [(entry["type"], entry["version"], entry["connectionId"]) for entry in entries_after(world, begin)]
    assert [entry[:2] for entry in found] == [("PRODUCT_WITHDRAWN", 2)] + [("PRODUCT_WITHDRAWN", 3)] * 2
    assert found[0][2] in {found[1][2], found[2][2]}


def test_drafts_and_products_of_others_are_not_in_the_feed(world: World) -> None:
    shared, own = create(world, **complete()), create(world, **complete())
    insert_share(world, product=shared)
    begin = newest(world)
    change(world, shared, {"content": {"brand": "Other"}}).expect(200)
    publish(world, own).expect(200)
    assert types_after(world, begin) == []


def test_a_cursor_gives_the_same_entries_again(world: World) -> None:
    insert_share(world)
    begin = newest(world)
    first = published(world)
    once = entries_after(world, begin)
    assert [entry["productId"] for entry in once] == [first["id"]]
    published(world)
    again = entries_after(world, begin)
    assert again[:1] == once
    assert len(again) == 2


def test_a_product_that_leaves_a_shared_category_is_removed(world: World) -> None:
    product = published(world, category=complete()["category"] | {"code": "99001"})
    insert_share(world, category="99001")
    begin = newest(world)
    change(world, product, {"content": {"category": {"code": "99002"}}}).expect(200)
    publish(world, product).expect(200)
    assert types_after(world, begin) == ["SHARE_REMOVED"]


def test_an_expired_share_is_one_entry_for_many_readers(world: World) -> None:
    product = published(world)
    begin = newest(world)
    share = insert_share(world, product=product, expires_at=now_ms() - 1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: read_feed(world).expect(200), range(8)))
    found = [(entry["type"], entry["shareId"]) for entry in entries_after(world, begin)]
    assert found == [("SHARE_EXPIRED", share)]


def test_a_waiting_reader_gets_the_next_entry(world: World) -> None:
    product = create(world, **complete())
    insert_share(world, product=product)
    begin = newest(world)
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(entries_after, world, begin, "&wait=20")
        publish(world, product).expect(200)
        found = waiting.result()
    assert [entry["type"] for entry in found] == ["PRODUCT_PUBLISHED"]
    assert time.monotonic() - began < 15


def test_a_wait_ends_when_a_share_expires(world: World) -> None:
    product = published(world)
    begin = newest(world)
    insert_share(world, product=product, expires_at=now_ms() + 1_500)
    assert [entry["type"] for entry in entries_after(world, begin, "&wait=20")] == ["SHARE_EXPIRED"]


def test_a_waiting_reader_is_rejected_after_a_revocation(world: World) -> None:
    client = make_client(world.api, world.other_owner, ALL_SCOPES)
    token = get_token(world.api, client, "connections:read")
    begin = newest(world)
    answers = []

    def wait() -> None:
        answers.append(world.api.get(f"{CHANGES}?cursor={begin}&wait=3", bearer=token))

    reader = threading.Thread(target=wait)
    reader.start()
    revoke(world.api, client, token).expect(200)
    reader.join()
    answers[0].expect(401, "invalid_token")


def test_a_cursor_whose_entries_were_deleted_is_gone(world: World) -> None:
    insert_share(world)
    begin = newest(world)
    published(world)
    published(world)
    kept = entries_after(world, begin)[1]["seq"]
    of_viewer = f"account_id = '{world.other.account_id}'"
    execute(world.server.database, f"delete from feed_entries where {of_viewer} and seq < {kept}")
    read_feed(world, f"&cursor={begin}").expect(410, "gone")
    assert len(read_feed(world).expect(200).object()["data"]) == 1


def test_a_purge_leaves_no_gap_where_the_clocks_of_nodes_differ(world: World) -> None:
    insert_share(world)
    begin = newest(world)
    for _ in range(3):
        published(world)
    _, second, third = entries_after(world, begin)
    after_second = entries_cursor(world, begin, 2)
    where = f"account_id = '{world.other.account_id}' and seq = {second['seq']}"
    execute(world.server.database, f"update feed_entries set at = {now_ms() - 91 * 86_400_000} where {where}")
    world.server.command("purge")
    read_feed(world, f"&cursor={begin}").expect(410, "gone")
    assert entries_after(world, after_second) == [third]


def test_a_cursor_beyond_the_newest_entry_is_gone(world: World) -> None:
    """As after the restore of an older backup."""
    insert_share(world)
    published(world)
    end = newest(world)
    of_viewer = f"where account_id = '{world.other.account_id}'"
    execute(world.server.database, f"update feed_heads set seq = seq - 1 {of_viewer}")
    execute(
        world.server.database,
        f"delete from feed_entries {of_viewer} and seq > (select seq from feed_heads {of_viewer})",
    )
    read_feed(world, f"&cursor={end}").expect(410, "gone")
    published(world)
    assert entries_after(world, end) == []


def test_a_feed_whose_entries_were_all_deleted_is_followed_from_its_end(world: World) -> None:
    insert_share(world)
    published(world)
    execute(world.server.database, f"delete from feed_entries where account_id = '{world.other.account_id}'")
    page = read_feed(world).expect(200).object()
    assert page["data"] == []
    following = page["pagination"]["nextCursor"]
    assert entries_after(world, following) == []
    product = published(world)
    assert [entry["productId"] for entry in entries_after(world, following)] == [product["id"]]


def test_a_cursor_belongs_to_its_account(world: World) -> None:
    cursor = newest(world)
    answer = world.api.get(f"{CHANGES}?cursor={cursor}", bearer=world.owner.access)
    answer.expect(400, "invalid_cursor")


def test_concurrent_writers_leave_no_gap(world: World) -> None:
    """A reader that follows the feed while four writers publish gets every publication once, in order."""
    products = [create(world, **complete()) for _ in range(24)]
    insert_share(world)
    cursor = newest(world)
    found: list[JsonObject] = []
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(lambda one: publish(world, one).expect(200), product) for product in products]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and len(found) < len(products):
            page = read_feed(world, f"&cursor={cursor}&wait=2").expect(200).object()
            found += page["data"]
            cursor = page["pagination"]["nextCursor"]
        for one in writing:
            one.result()
    assert sorted(entry["productId"] for entry in found) == sorted(product["id"] for product in products)
    seqs = [entry["seq"] for entry in found]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
