"""Versions of a product: one, the list, and the comparison of two."""

from __future__ import annotations

from uuid import uuid4

import jsonpatch
import pytest

from harness.world import World
from products.catalogue import (
    PRODUCTS,
    change,
    create,
    path,
    publish,
    published,
    version,
    withdraw,
)


def test_versions_are_listed_newest_first(world: World) -> None:
    made = published(world)
    for number in range(2, 6):
        change(world, made, {"content": {"description": f"{number}"}}).expect(200)
        if number < 5:
            publish(world, made).expect(200)
    where = f"{path(made)}/versions?limit=2&fields=version,status,content.description"
    found = []
    while where:
        answer = world.api.get(where, bearer=world.owner.access).expect(200)
        found += answer.data()
        link = answer.header("link")
        where = link[1 : link.index(">")].partition("/api/v1")[2] if link else ""
    assert [one["version"] for one in found] == [5, 4, 3, 2, 1]
    assert [one["status"] for one in found] == ["DRAFT", "PUBLISHED", *["SUPERSEDED"] * 3]
    assert found[0]["content"] == {"description": "5"}
    whole = world.api.get(f"{path(made)}/versions", bearer=world.owner.access).expect(200).data()
    assert whole[1] == version(world, made, 4).data()
    cursor = world.api.get(f"{path(made)}/versions?limit=1", bearer=world.owner.access).object()["pagination"]
    other = create(world)
    world.api.get(f"{path(other)}/versions?cursor={cursor['nextCursor']}", bearer=world.owner.access).expect(
        400, "invalid_cursor"
    )


def test_two_versions_are_compared(world: World) -> None:
    made = published(world, attributes={"a": 1, "b": [1, 2, {"c": None}]})
    old = made["content"]
    patch = {"brand": "New", "description": None, "dimensions": {"length": {"value": 2, "unit": "MTR"}},
             "attributes": {"a": True, "b": [1, {"c": 3}]}}  # fmt: skip
    new = change(world, made, {"content": patch}).expect(200).data()["content"]
    diff = world.api.get(f"{path(made)}/versions/1/diff/2", bearer=world.owner.access).expect(200).data()
    assert (diff["from"], diff["to"]) == (1, 2)
    assert jsonpatch.apply_patch(old, diff["patch"]) == new
    fields = {one["field"]: (one["old"], one["new"]) for one in diff["fields"]}
    assert fields["brand"] == (old["brand"], "New")
    assert fields["description"] == (old["description"], None)
    assert fields["attributes.a"] == (1, True)
    assert fields["dimensions.length.value"] == (None, 2)
    assert fields["attributes.b[2].c"] == (None, None)
    assert "name" not in fields
    back = world.api.get(f"{path(made)}/versions/2/diff/1", bearer=world.owner.access).expect(200).data()
    assert jsonpatch.apply_patch(new, back["patch"]) == old
    same = world.api.get(f"{path(made)}/versions/1/diff/1", bearer=world.owner.access).expect(200).data()
    assert (same["patch"], same["fields"]) == ([], [])


@pytest.mark.parametrize(
    "number", ["0", "-1", "2", "x", "1.0", "2147483648", "9" * 30, "9" * 5_000, "%00", "١", "01", "+1", "1_0"]
)
def test_unknown_versions_are_not_found(world: World, number: str) -> None:
    made = published(world)
    version(world, made, number).expect(404, "not_found")
    for where in (f"versions/{number}/diff/1", f"versions/1/diff/{number}"):
        world.api.get(f"{path(made)}/{where}", bearer=world.owner.access).expect(404, "not_found")
    reason = {"reason": "r"}
    world.api.post(f"{path(made)}/versions/{number}/withdraw", bearer=world.owner.access, json=reason).expect(
        404, "not_found"
    )
    for method, where in (
        ("GET", "versions"),
        ("GET", "versions/1"),
        ("GET", "versions/1/diff/1"),
        ("POST", "publish"),
    ):
        world.api.request(method, f"{PRODUCTS}/{uuid4()}/{where}", bearer=world.owner.access).expect(404, "not_found")


@pytest.mark.parametrize("which", ["0", "-1", "1.0", "x", "DRAFT", "١", "99999999999"])
def test_a_malformed_version_parameter_is_rejected(world: World, which: str) -> None:
    answer = world.api.get(f"{path(create(world))}?version={which}", bearer=world.owner.access)
    answer.expect_one_of((404, "not_found") if which == "0" else (400, "invalid_request"))


def test_an_unchanged_version_is_304(world: World) -> None:
    made = published(world)
    tag = version(world, made, 1).header("etag")
    assert tag is not None
    again = version(world, made, 1, headers={"If-None-Match": tag})
    assert (again.status, again.body, again.header("etag")) == (304, b"", tag)
    withdraw(world, made, 1).expect(200)
    assert version(world, made, 1, headers={"If-None-Match": tag}).status == 200
    draft = create(world)
    first = version(world, draft, 1).expect(200)
    assert first.header("cache-control") == "private, no-cache"
    change(world, draft, {"content": {"brand": "B"}}).expect(200)
    assert version(world, draft, 1, headers={"If-None-Match": str(first.header("etag"))}).status == 200
