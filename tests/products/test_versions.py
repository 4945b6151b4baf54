"""Drafts are published, superseded and withdrawn; a published version never changes."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import rfc8785

from harness.answers import JsonObject
from harness.concurrency import concurrently
from harness.world import World
from products.catalogue import (
    PRODUCTS,
    body,
    change,
    complete,
    create,
    delete,
    new_gtin,
    new_sku,
    path,
    post,
    publish,
    published,
    read,
    version,
    withdraw,
)


def state_of(product: JsonObject) -> tuple[Any, ...]:
    return tuple(product[name] for name in ("status", "latestVersion", "draftVersion", "version", "versionStatus"))


def test_a_draft_is_published_as_it_is(world: World) -> None:
    made = create(world, **complete())
    answer = publish(world, made, "First").expect(200)
    view = answer.data()
    assert state_of(view) == ("PUBLISHED", 1, None, 1, "PUBLISHED")
    assert (view["content"], view["contentHash"]) == (made["content"], made["contentHash"])
    assert answer.header("etag") == '"p-2"'
    assert view.pop("dpp")["version"] == 1
    assert read(world, made).data() == view
    one = version(world, made, 1).expect(200)
    assert one.header("cache-control") == "private, max-age=3600, immutable"
    data = one.data()
    assert data["content"] == made["content"]
    assert data["contentHash"] == f"sha-256:{hashlib.sha256(rfc8785.dumps(made['content'])).hexdigest()}"
    assert (data["version"], data["status"], data["changeNote"]) == (1, "PUBLISHED", "First")
    assert data["publishedBy"] == data["createdBy"] == world.account.owner.user_id
    assert data["publishedAt"] == view["updatedAt"]
    publish(world, made).expect(409, "no_draft")


def test_a_change_opens_a_draft_and_readers_see_the_published_one(world: World) -> None:
    made = published(world)
    drafted = change(world, made, {"content": {"brand": "New"}}).expect(200).data()
    assert state_of(drafted) == ("PUBLISHED", 1, 2, 2, "DRAFT")
    assert drafted["content"] == made["content"] | {"brand": "New"}
    shown = read(world, made).data()
    assert state_of(shown) == ("PUBLISHED", 1, 2, 1, "PUBLISHED")
    assert shown["content"] == made["content"]
    for which, data in (("draft", drafted), ("2", drafted), ("latest", shown), ("1", shown)):
        assert world.api.get(f"{path(made)}?version={which}", bearer=world.owner.access).expect(200).data() == data
    view = publish(world, made, "Second").expect(200).data()
    assert state_of(view) == ("PUBLISHED", 2, None, 2, "PUBLISHED")
    assert version(world, made, 1).data()["status"] == "SUPERSEDED"
    world.api.get(f"{path(made)}?version=draft", bearer=world.owner.access).expect(404, "not_found")


def test_lists_search_the_published_version(world: World) -> None:
    old, new = str(uuid4()), str(uuid4())
    made = published(
        world, name=f"Bolt {old}", category={"code": old, "name": "c", "schemeId": "a:b", "schemeName": "s"}
    )

    def found(query: str) -> list[str]:
        return [one["id"] for one in world.api.get(f"{PRODUCTS}?{query}", bearer=world.owner.access).expect(200).data()]

    change(world, made, {"sku": f"moved-{old}", "content": {"name": f"Bolt {new}", "category": {"code": new}}}).expect(
        200
    )
    for query in (f"q={old}", f"category={old}", f"q=moved-{old}", f"q=BOLT+{old}"):
        assert found(query) == [made["id"]], query
    for query in (f"q={new}", f"category={new}"):
        assert found(query) == []
    publish(world, made).expect(200)
    assert found(f"q={new}") == found(f"category={new}") == found(f"q=moved-{old}") == [made["id"]]
    assert found(f"category={old}") == []


def test_a_patch_without_changes_opens_no_draft(world: World) -> None:
    made = published(world)
    same = change(world, made, {"content": made["content"], "sku": made["sku"]}).expect(200).data()
    assert same == made
    moved = change(world, made, {"sku": new_sku()}).expect(200).data()
    assert state_of(moved) == state_of(made)
    assert moved["revision"] == made["revision"] + 1


def test_the_gtin_of_a_published_product_cannot_be_removed(world: World) -> None:
    made = published(world)
    details = change(world, made, {"gtin": None}).expect(422, "validation_failed").object()["details"]
    assert [detail["field"] for detail in details] == ["gtin"]
    other = new_gtin()
    assert change(world, made, {"gtin": other}).expect(200).data()["gtin"] == other.rjust(14, "0")


def test_every_missing_field_is_reported(world: World) -> None:
    made = create(world, materials=[{"name": "Steel"}], category={"code": "1"}, facility={"name": "Works"})
    details = publish(world, made).expect(422, "validation_failed").object()["details"]
    assert {detail["code"] for detail in details} == {"missing"}
    assert [detail["field"] for detail in details] == [
        "gtin", "content.category.name", "content.category.schemeId", "content.category.schemeName",
        "content.facility.gln", "content.countryOfProduction", "content.materials[0].massFraction",
        "content.materials[0].originCountry", "content.materials[0].code", "content.materials[0].schemeId",
    ]  # fmt: skip
    details = publish(world, create(world)).expect(422, "validation_failed").object()["details"]
    fields = ["gtin", "content.category", "content.facility", "content.countryOfProduction"]
    assert [detail["field"] for detail in details] == fields
    assert read(world, made).data() == made


def test_a_product_with_its_missing_fields_filled_in_can_be_published(world: World) -> None:
    made = create(world)
    whole = complete()
    gtin = whole.pop("gtin")
    change(world, made, {"gtin": gtin, "content": whole}).expect(200)
    publish(world, made).expect(200)


def test_a_withdrawn_version_stays_readable_with_the_reason(world: World) -> None:
    made = published(world)
    view = withdraw(world, made, 1, "Wrong mass").expect(200).data()
    assert (view["status"], view["withdrawReason"], view["withdrawnBy"]) == (
        "WITHDRAWN", "Wrong mass", world.account.owner.user_id,
    )  # fmt: skip
    assert view["content"] == made["content"]
    assert version(world, made, 1).data() == view
    shown = read(world, made).data()
    assert state_of(shown) == ("PUBLISHED", 1, None, 1, "WITHDRAWN")
    assert shown["revision"] == made["revision"] + 1
    withdraw(world, made, 1).expect(409, "invalid_state")
    change(world, made, {"content": {"brand": "Right"}}).expect(200)
    withdraw(world, made, 2).expect(409, "invalid_state")
    withdraw(world, made, 3).expect(404, "not_found")
    publish(world, made).expect(200)
    assert version(world, made, 1).data()["status"] == "WITHDRAWN"


@pytest.mark.parametrize("reason", [None, "", "x" * 1_001, 1])
def test_a_withdrawal_needs_a_reason(world: World, reason: Any) -> None:
    made = published(world)
    where = f"{path(made)}/versions/1/withdraw"
    given = {} if reason is None else {"reason": reason}
    world.api.post(where, bearer=world.owner.access, json=given).expect(422, "validation_failed")
    assert version(world, made, 1).data()["status"] == "PUBLISHED"


def test_a_published_product_is_archived_not_deleted(world: World) -> None:
    made = published(world)
    assert delete(world, made).expect(204).body == b""
    shown = read(world, made).expect(200).data()
    assert state_of(shown) == ("ARCHIVED", 1, None, 1, "PUBLISHED")
    assert version(world, made, 1).data()["content"] == made["content"]
    change(world, made, {"content": {"brand": "B"}}).expect(409, "invalid_state")
    publish(world, made).expect(409, "invalid_state")
    delete(world, made).expect(204)
    assert read(world, made).data() == shown
    post(world, body(sku=made["sku"])).expect(409, "duplicate_sku")
    again = create(world, gtin=made["gtin"])
    by_gtin = f"{PRODUCTS}/by-gtin/{made['gtin']}"
    assert world.api.get(by_gtin, bearer=world.owner.access).expect(200).data()["id"] == again["id"]
    listed = world.api.get(f"{PRODUCTS}?gtin={made['gtin']}", bearer=world.owner.access).data()
    assert {one["id"]: one["status"] for one in listed} == {made["id"]: "ARCHIVED", again["id"]: "DRAFT"}
    delete(world, again).expect(204)
    assert world.api.get(by_gtin, bearer=world.owner.access).expect(200).data()["id"] == made["id"]


def test_lists_are_filtered_by_status(world: World) -> None:
    category = str(uuid4())
    code = {"code": category, "name": "c", "schemeId": "a:b", "schemeName": "s"}
    made = {
        "DRAFT": create(world, category=code),
        "PUBLISHED": published(world, category=code),
        "ARCHIVED": published(world, category=code),
    }
    delete(world, made["ARCHIVED"]).expect(204)
    for sort in ("sku", "updatedAt"):
        for status, product in made.items():
            where = f"{PRODUCTS}?status={status}&category={category}&sort={sort}&withCount=true"
            answer = world.api.get(where, bearer=world.owner.access).expect(200)
            assert [one["id"] for one in answer.data()] == [product["id"]]
            assert answer.object()["pagination"]["totalCount"] == 1
    world.api.get(f"{PRODUCTS}?status=draft", bearer=world.owner.access).expect(400, "invalid_request")


def test_publishing_and_withdrawing_honour_preconditions(world: World) -> None:
    made = create(world, **complete())
    publish(world, made, headers={"If-Match": '"p-9"'}).expect(412, "precondition_failed")
    publish(world, made, headers={"If-Match": '"p-1"'}).expect(200)
    withdraw(world, made, 1, headers={"If-Match": '"p-1"'}).expect(412, "precondition_failed")
    withdraw(world, made, 1, headers={"If-Match": '"p-2"'}).expect(200)


def test_withdrawing_honours_the_etag_of_the_version(world: World) -> None:
    made = create(world, **complete())
    publish(world, made).expect(200)
    where = f"{path(made)}/versions/1"
    tag = world.api.get(where, bearer=world.owner.access).expect(200).header("etag") or ""
    withdraw(world, made, 1, headers={"If-None-Match": tag}).expect(412, "precondition_failed")
    withdraw(world, made, 1, headers={"If-Match": tag.replace("published", "superseded")}).expect(
        412, "precondition_failed"
    )
    withdrawn = withdraw(world, made, 1, headers={"If-Match": tag}).expect(200)
    assert withdrawn.header("etag") == world.api.get(where, bearer=world.owner.access).expect(200).header("etag") != tag


def test_repeated_requests_are_replayed(world: World) -> None:
    made, key = create(world, **complete()), {"Idempotency-Key": str(uuid4())}
    first = publish(world, made, "First", headers=key).expect(200)
    change(world, made, {"content": {"brand": "Since"}}).expect(200)
    again = publish(world, made, "First", headers=key).expect(200)
    assert again.json() == first.json()
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    assert again.header("etag") == first.header("etag")
    publish(world, made, "Other", headers=key).expect(422, "idempotency_key_reused")
    assert read(world, made).data()["draftVersion"] == 2
    first = withdraw(world, made, 1, headers=key).expect(200)
    again = withdraw(world, made, 1, headers=key).expect(200)
    assert again.json() == first.json()
    assert again.header("idempotent-replayed") == "true"


def test_of_concurrent_publishes_one_succeeds(world: World) -> None:
    made = create(world, **complete())
    answers = concurrently(partial(publish, world, made) for _ in range(8))
    assert sorted(answer.status for answer in answers) == [200, *[409] * 7]
    assert {answer.error for answer in answers if answer.status == 409} == {"no_draft"}


def test_a_change_concurrent_with_publishing_is_in_one_version_or_the_other(world: World) -> None:
    made = create(world, **complete())
    calls = [partial(change, world, made, {"content": {"attributes": {f"a{n}": n}}}) for n in range(6)]
    answers = concurrently([*calls[:3], partial(publish, world, made), *calls[3:]])
    assert {answer.status for answer in answers} == {200}
    shown = read(world, made).data()
    latest = version(world, made, 1).data()
    assert latest["status"] == "PUBLISHED"
    last = world.api.get(f"{path(made)}?version={shown['draftVersion'] or 1}", bearer=world.owner.access).data()
    assert last["content"]["attributes"] == {f"a{n}": n for n in range(6)}
    assert latest["contentHash"] == f"sha-256:{hashlib.sha256(rfc8785.dumps(latest['content'])).hexdigest()}"


def test_the_audit_trail_holds_version_events(world: World) -> None:
    made = published(world)
    withdraw(world, made, 1).expect(200)
    delete(world, made).expect(204)
    events = world.api.get("/account/audit-events?limit=200", bearer=world.owner.access).expect(200).data()
    mine = [event for event in reversed(events) if event["target"] == made["id"]]
    assert [event["action"] for event in mine] == [
        "product.created", "product.published", "product.withdrawn", "product.archived",
    ]  # fmt: skip
    assert mine[1]["details"] == {"sku": made["sku"], "version": 1, "contentHash": made["contentHash"]}


def test_publishing_needs_the_writing_scope(world: World) -> None:
    made = create(world, **complete(gtin=new_gtin()))
    reader, writer = world.token("products:read"), world.token("products:write")
    world.api.post(f"{path(made)}/publish", bearer=reader).expect(403, "insufficient_scope")
    world.api.get(f"{path(made)}/versions", bearer=writer).expect(403, "insufficient_scope")
    world.api.post(f"{path(made)}/publish", bearer=writer).expect(200)
    world.api.post(f"{path(made)}/versions/1/withdraw", bearer=reader, json={"reason": "r"}).expect(
        403, "insufficient_scope"
    )
