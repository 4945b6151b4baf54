"""`/shared/products`: a partner sees what live shares show, and nothing of a draft."""

from __future__ import annotations

from uuid import uuid4

import pytest

from harness.clients import get_token, make_client
from harness.world import World
from linkxg.clock import now_ms
from network.sharing import (
    SHARED,
    ids_of,
    in_category,
    list_shared,
    read_shared,
    rfc3339,
    share,
    withdraw,
)
from products.catalogue import change, complete, create, delete, publish, published
from products.catalogue import withdraw as withdraw_version

pytestmark = pytest.mark.usefixtures("without_shares")


def test_a_product_is_visible_only_while_it_is_shared(world: World) -> None:
    product = published(world)
    read_shared(world, product).expect(404, "not_found")
    made = share(world, product)
    found = read_shared(world, product).expect(200).data()
    assert found["content"] == product["content"]
    assert found["contentHash"] == product["contentHash"]
    assert found["fields"] is None
    assert found["sharedBy"]["accountId"] == world.account.account_id
    assert found["sharedBy"]["connectionId"] == made["connectionId"]
    withdraw(world, made).expect(204)
    read_shared(world, product).expect(404, "not_found")
    assert list_shared(world) == []


def test_the_owner_reads_nothing_shared_with_others(world: World) -> None:
    product = published(world)
    share(world, product)
    read_shared(world, product, by=world.owner).expect(404, "not_found")


def test_unpublished_products_are_not_shared(world: World) -> None:
    product = create(world, **complete())
    share(world, product)
    read_shared(world, product).expect(404, "not_found")
    assert list_shared(world) == []
    publish(world, product).expect(200)
    read_shared(world, product).expect(200)
    assert ids_of(list_shared(world)) == {product["id"]}


def test_only_granted_fields_are_shown(world: World) -> None:
    product = published(world, brand="Acme", dimensions={"netWeight": {"value": 2, "unit": "KGM"}})
    share(world, product, fields=["name", "dimensions.netWeight.value", "facility.name"])
    found = read_shared(world, product).expect(200).data()
    assert found["content"] == {
        "dimensions": {"netWeight": {"value": 2}}, "facility": {"name": "Works 1"}, "name": "Hex bolt",
    }  # fmt: skip
    assert found["contentHash"] is None
    assert found["fields"] == ["dimensions.netWeight.value", "facility.name", "name"]
    [listed] = list_shared(world)
    assert listed == found


def test_several_shares_show_the_union_of_their_fields(world: World) -> None:
    product = published(world)
    first = share(world, product, fields=["name"])
    share(world, fields=["brand"])
    assert read_shared(world, product).expect(200).data()["content"] == {"brand": "Acme", "name": "Hex bolt"}
    share(world, type="CATEGORY", category=complete()["category"]["code"])
    assert read_shared(world, product).expect(200).data()["content"] == product["content"]
    withdraw(world, first).expect(204)
    assert len([one for one in list_shared(world) if one["id"] == product["id"]]) == 1


def test_an_expired_share_shows_nothing(world: World) -> None:
    product = published(world)
    end = now_ms() + 700
    share(world, product, expiresAt=rfc3339(end))
    answer = read_shared(world, product)
    if now_ms() < end:
        answer.expect(200)
    while now_ms() <= end:
        pass
    read_shared(world, product).expect(404, "not_found")
    assert list_shared(world) == []


def test_a_draft_changes_nothing_that_is_shown(world: World) -> None:
    product = published(world)
    share(world, product)
    before = read_shared(world, product).expect(200)
    word = f"Secret {uuid4()}"
    change(world, product, {"content": {"name": word, "category": {"code": "draft"}}}).expect(200)
    after = read_shared(world, product).expect(200)
    assert after.body == before.body
    assert after.header("etag") == before.header("etag")
    assert list_shared(world, f"q={word.replace(' ', '+')}") == []
    assert not {"revision", "updatedAt", "draftVersion", "createdAt"} & after.data().keys()
    versions = world.api.get(f"{SHARED}/{product['id']}/versions", bearer=world.other_owner.access).expect(200)
    assert [one["version"] for one in versions.object()["data"]] == [1]
    read_shared(world, product, "/versions/2").expect(404, "not_found")


def test_a_conditional_read_is_not_modified(world: World) -> None:
    product = published(world)
    share(world, product, fields=["name"])
    tag = read_shared(world, product).expect(200).header("etag") or ""
    read_shared(world, product, headers=[("If-None-Match", tag)]).expect(304)
    read_shared(world, product, headers=[("If-Match", '"other"')]).expect(412, "precondition_failed")
    share(world, product, fields=["brand"])
    assert read_shared(world, product, headers=[("If-None-Match", tag)]).expect(200).header("etag") != tag


def test_a_caller_selects_members(world: World) -> None:
    product = published(world)
    share(world, product, fields=["name", "brand"])
    found = read_shared(world, product, "?fields=sku,content.brand,content.description").expect(200).data()
    assert found == {"sku": product["sku"], "content": {"brand": "Acme"}}
    assert list_shared(world, "fields=id") == [{"id": product["id"]}]
    read_shared(world, product, "?fields=revision").expect(400, "invalid_request")


def test_earlier_versions_only_by_shares_of_all_versions(world: World) -> None:
    product = published(world)
    change(world, product, {"content": {"name": "Second"}}).expect(200)
    publish(world, product, note="Renamed").expect(200)
    versions = f"{SHARED}/{product['id']}/versions"
    share(world, product)
    page = world.api.get(versions, bearer=world.other_owner.access).expect(200).object()
    assert [one["version"] for one in page["data"]] == [2]
    assert page["data"][0]["changeNote"] == "Renamed"
    read_shared(world, product, "/versions/1").expect(404, "not_found")
    share(world, product, versions="ALL", fields=["name"])
    page = world.api.get(versions, bearer=world.other_owner.access).expect(200).object()
    assert [(one["version"], one["status"]) for one in page["data"]] == [(2, "PUBLISHED"), (1, "SUPERSEDED")]
    # Of the first version, only the share of all versions shows anything.
    first = read_shared(world, product, "/versions/1").expect(200).data()
    assert first == page["data"][1]
    assert first["content"] == {"name": "Hex bolt"}
    assert first["contentHash"] is first["changeNote"] is None
    assert read_shared(world, product, "/versions/2").expect(200).data() == page["data"][0]
    for wrong in ("0", "01", "3", "x", str(2**40)):
        read_shared(world, product, f"/versions/{wrong}").expect(404, "not_found")
    one = world.api.get(f"{versions}?limit=1", bearer=world.other_owner.access).expect(200).object()
    cursor = one["pagination"]["nextCursor"]
    rest = world.api.get(f"{versions}?limit=1&cursor={cursor}", bearer=world.other_owner.access).expect(200).object()
    assert [each["version"] for each in rest["data"]] == [1]
    assert not rest["pagination"]["hasMore"]


def test_withdrawn_versions_and_archived_products_say_so(world: World) -> None:
    product = published(world)
    share(world, product)
    withdraw_version(world, product, 1, "Wrong mass").expect(200)
    assert read_shared(world, product).expect(200).data()["versionStatus"] == "WITHDRAWN"
    assert read_shared(world, product, "/versions/1").expect(200).data()["withdrawReason"] == "Wrong mass"
    delete(world, product).expect(204)
    assert read_shared(world, product).expect(200).data()["status"] == "ARCHIVED"


def test_lists_of_every_kind_of_share_are_complete_and_without_duplicates(world: World) -> None:
    codes = [f"c{uuid4()}"[:20] for _ in range(2)]
    product = [published(world, category=in_category(codes[number % 2])) for number in range(6)]
    for one in (0, 1, 4):
        share(world, product[one])
    share(world, type="CATEGORY", category=codes[0])
    expected = sorted(product[one]["id"] for one in (0, 1, 2, 4))
    for limit in (1, 2, 3, 50):
        assert [one["id"] for one in list_shared(world, f"limit={limit}")] == expected
    share(world)
    assert {one["id"] for one in product} <= ids_of(list_shared(world, "limit=3"))


def test_filters_and_search_see_what_the_viewer_sees(world: World) -> None:
    word = uuid4().hex
    named, hidden = published(world, name=f"Bolt {word}"), published(world, name=f"Nut {word}")
    made = share(world, named)
    share(world, hidden, fields=["brand"])
    assert ids_of(list_shared(world, f"q={word.upper()}")) == {named["id"]}
    assert ids_of(list_shared(world, f"q={hidden['sku']}")) == {hidden["id"]}
    assert ids_of(list_shared(world, f"gtin={hidden['gtin']}")) == {hidden["id"]}
    assert list_shared(world, f"gtin={published(world)['gtin']}") == []
    assert ids_of(list_shared(world, f"connectionId={made['connectionId']}")) == {named["id"], hidden["id"]}
    for other in (str(uuid4()), "x"):
        assert list_shared(world, f"connectionId={other}") == []
    world.api.get(f"{SHARED}?gtin=1", bearer=world.other_owner.access).expect(400, "invalid_request")


def test_a_cursor_belongs_to_its_viewer_and_filters(world: World) -> None:
    for _ in range(2):
        share(world, published(world))
    page = world.api.get(f"{SHARED}?limit=1", bearer=world.other_owner.access).expect(200)
    cursor = page.object()["pagination"]["nextCursor"]
    assert 'rel="next"' in (page.header("link") or "")
    world.api.get(f"{SHARED}?cursor={cursor}", bearer=world.owner.access).expect(400, "invalid_cursor")
    world.api.get(f"{SHARED}?q=x&cursor={cursor}", bearer=world.other_owner.access).expect(400, "invalid_cursor")


def test_shared_reads_need_their_scope(world: World) -> None:
    product = published(world)
    share(world, product)
    client = make_client(world.api, world.other_owner, "products:read products:write")
    token = get_token(world.api, client)
    for path in ("", f"/{product['id']}", f"/{product['id']}/versions", f"/{product['id']}/versions/1"):
        world.api.get(f"{SHARED}{path}", bearer=token).expect(403, "insufficient_scope")
