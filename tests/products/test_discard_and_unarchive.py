"""Discarding a draft and unarchiving a product through the API."""

from __future__ import annotations

from functools import partial

import pytest

from harness.answers import Answer, JsonObject
from harness.concurrency import concurrently
from harness.world import World
from products.catalogue import (
    body,
    change,
    complete,
    create,
    delete,
    new_gtin,
    path,
    post,
    publish,
    published,
    read,
    version,
)


def discard(world: World, product: JsonObject, **options: object) -> Answer:
    return world.api.delete(f"{path(product)}/draft", bearer=world.owner.access, **options)


def unarchive(world: World, product: JsonObject, **options: object) -> Answer:
    return world.api.post(f"{path(product)}/unarchive", bearer=world.owner.access, **options)


def trail(world: World, product: JsonObject) -> list[JsonObject]:
    events = world.api.get("/account/audit-events?limit=200", bearer=world.owner.access).expect(200).data()
    return [event for event in reversed(events) if event["target"] == product["id"]]


def test_a_discarded_draft_leaves_the_published_version_as_it_is(world: World) -> None:
    made = published(world)
    drafted = change(world, made, {"content": {"brand": "Slip"}}).expect(200).data()
    answer = discard(world, made, headers={"If-Match": f'"p-{drafted["revision"]}"'}).expect(200)
    shown = answer.data()
    assert shown["content"] == made["content"]
    assert (shown["draftVersion"], shown["revision"]) == (None, drafted["revision"] + 1)
    assert answer.header("etag") == f'"p-{shown["revision"]}"'
    version(world, made, 2).expect(404, "not_found")
    again = change(world, made, {"content": {"brand": "Meant"}}).expect(200).data()
    assert again["draftVersion"] == 2
    assert trail(world, made)[-2]["action"] == "product.draft_discarded"
    assert trail(world, made)[-2]["details"]["version"] == 2


def test_a_draft_that_cannot_be_discarded_is_refused(world: World) -> None:
    discard(world, published(world)).expect(409, "no_draft")
    new = create(world)
    discard(world, new).expect(409, "invalid_state")
    assert read(world, new).expect(200).data() == new
    made = published(world)
    drafted = change(world, made, {"content": {"brand": "B"}}).expect(200).data()
    discard(world, made, headers={"If-Match": f'"p-{made["revision"]}"'}).expect(412, "precondition_failed")
    assert version(world, made, 2).expect(200).data()["contentHash"] == drafted["contentHash"]
    delete(world, made).expect(204)
    discard(world, made).expect(409, "invalid_state")


def test_a_draft_is_discarded_or_published_never_both(world: World) -> None:
    made = published(world)
    change(world, made, {"content": {"brand": "B"}}).expect(200)
    answers = concurrently(
        [partial(publish, world, made), partial(discard, world, made), partial(discard, world, made)]
    )
    assert sorted(answer.status for answer in answers) == [200, 409, 409]
    assert version(world, made, 2).status == (200 if answers[0].status == 200 else 404)


def test_an_unarchived_product_is_unchanged(world: World) -> None:
    made = published(world)
    drafted = change(world, made, {"content": {"brand": "Next"}}).expect(200).data()
    delete(world, made).expect(204)
    change(world, made, {"content": {"brand": "No"}}).expect(409, "invalid_state")
    archived = read(world, made).expect(200)
    unarchive(world, made, headers={"If-Match": '"p-1"'}).expect(412, "precondition_failed")
    key = {"Idempotency-Key": "back-1", "If-Match": str(archived.header("etag"))}
    answer = unarchive(world, made, headers=key).expect(200)
    back = answer.data()
    same = ("id", "sku", "gtin", "status", "latestVersion", "content", "contentHash")
    assert [back[name] for name in same] == [made[name] for name in same]
    assert back["draftVersion"] == drafted["draftVersion"]
    again = unarchive(world, made, headers=key).expect(200)
    assert (again.data(), again.header("idempotent-replayed")) == (back, "true")
    unarchive(world, made).expect(409, "invalid_state")
    delete(world, made).expect(204)
    # What was answered then does not hold any more.
    unarchive(world, made, headers=key).expect(409, "conflict")
    unarchive(world, made).expect(200)
    publish(world, made).expect(200)
    assert [event["action"] for event in trail(world, made)][-5:] == [
        "product.archived", "product.unarchived", "product.archived", "product.unarchived", "product.published",
    ]  # fmt: skip


def test_a_gtin_that_another_product_took_keeps_the_archived_one_archived(world: World) -> None:
    made = published(world)
    delete(world, made).expect(204)
    heir = post(world, body(**complete(gtin=made["gtin"]))).expect(201).data()
    refused = unarchive(world, made).expect(409, "duplicate_gtin")
    assert "took this GTIN while this one was archived" in refused.object()["error_description"]
    assert read(world, made).data()["status"] == "ARCHIVED"
    change(world, heir, {"gtin": new_gtin()}).expect(200)
    assert unarchive(world, made).expect(200).data()["status"] == "PUBLISHED"
    found = world.api.get(f"/products/by-gtin/{made['gtin']}", bearer=world.owner.access).expect(200).data()
    assert found["id"] == made["id"]
    change(world, heir, {"gtin": made["gtin"]}).expect(409, "duplicate_gtin")


def test_unarchiving_and_creating_with_one_gtin_has_one_winner(world: World) -> None:
    made = published(world)
    delete(world, made).expect(204)
    given = body(**complete(gtin=made["gtin"]))
    answers = concurrently([partial(unarchive, world, made), partial(post, world, given)])
    assert sorted(answer.status for answer in answers) in ([200, 409], [201, 409])


def test_discarding_and_unarchiving_need_the_writing_scope(world: World) -> None:
    made = published(world)
    reader = world.token("products:read")
    world.api.delete(f"{path(made)}/draft", bearer=reader).expect(403, "insufficient_scope")
    world.api.post(f"{path(made)}/unarchive", bearer=reader).expect(403, "insufficient_scope")


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("given", "meant"),
    [("Germany", "DE"), ("GERMANY", "DE"), ("de", "DE"), ("Deutschland", "DE"), ("CHINA", "CN"), ("Austria", "AT"),
     ("UK", "GB"), (" fr ", "FR"), ("Germny", "DE"), ("Côte d’Ivoire", "CI"), ("XX", None), ("", None),
     ("x" * 5_000, None)],
)  # fmt: skip
def test_an_unknown_country_is_answered_with_a_suggestion(world: World, given: str, meant: str | None) -> None:
    answer = post(world, body(countryOfProduction=given)).expect(422, "validation_failed")
    says = "Unknown country code; use ISO 3166-1 alpha-2, such as DE."
    expected = f"{says} Did you mean {meant}?" if meant else says
    assert answer.object()["details"] == [
        {"field": "content.countryOfProduction", "code": "invalid", "message": expected}
    ]
