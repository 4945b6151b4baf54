"""If-Match and If-None-Match. RFC 9110 §13."""

from __future__ import annotations

import pytest

from harness.world import World
from products.catalogue import change, create, delete, path, read


@pytest.mark.parametrize(
    ("tags", "fresh"),
    [
        ('"p-1"', True),
        ('W/"p-1"', True),
        ("*", True),
        ('"x", "p-1"', True),
        ('"a,b" ,, W/"p-1" ,', True),
        ('"p-2"', False),
        ('"P-1"', False),
        ('"p-1 "', None),
        ('"p-11", "p-0", ""', False),
        ("p-1", None),
        ('"p-1', None),
        ('w/"p-1"', None),
        ('"p-1" "p-2"', None),
        ('*, "p-1"', None),
        ("", None),
    ],
)
def test_a_matching_if_none_match_is_304(world: World, tags: str, fresh: bool | None) -> None:
    made = create(world)
    answer = read(world, made, headers=[("If-None-Match", tags)])
    if fresh is None:
        answer.expect(400, "invalid_request")
        return
    assert answer.status == (304 if fresh else 200)
    assert answer.header("etag") == '"p-1"'
    assert answer.header("cache-control") == "private, no-cache"
    assert answer.header("content-type") == (None if fresh else "application/json")


@pytest.mark.parametrize(("tags", "meant"), [('"p-1"', True), ("*", True), ('"p-2"', False), ('W/"p-1"', False)])
def test_if_match_applies_to_reads(world: World, tags: str, meant: bool) -> None:
    made = create(world)
    # It is judged before If-None-Match (RFC 9110 §13.2.2).
    for other in ([], [("If-None-Match", '"p-1"')]):
        answer = read(world, made, headers=[("If-Match", tags), *other])
        assert answer.status == (412 if not meant else 304 if other else 200)
    version = f"{path(made)}/versions/1"
    tag = world.api.get(version, bearer=world.owner.access).expect(200).header("etag") or ""
    for wanted, status in ((tag, 200), ('"p-1"', 412)):
        assert world.api.get(version, bearer=world.owner.access, headers={"If-Match": wanted}).status == status


def test_etags_may_be_split_over_header_lines(world: World) -> None:
    made = create(world)
    lines = [("If-None-Match", '"a"'), ("If-None-Match", '"p-1"')]
    assert read(world, made, headers=lines).status == 304
    lines = [("If-Match", '"a"'), ("If-Match", '"p-1"')]
    change(world, made, {"content": {"name": "Nut"}}, headers=lines).expect(200)


@pytest.mark.parametrize(
    ("name", "tags", "allowed"),
    [
        ("If-Match", '"p-2"', True),
        ("If-Match", "*", True),
        ("If-Match", '"p-1", "p-2"', True),
        ("If-Match", '"p-1"', False),
        ("If-Match", 'W/"p-2"', False),
        ("If-Match", '"p-22"', False),
        ("If-None-Match", '"p-2"', False),
        ("If-None-Match", 'W/"p-2"', False),
        ("If-None-Match", "*", False),
        ("If-None-Match", '"p-1"', True),
        ("If-Match", "p-2", None),
    ],
)
def test_writes_honour_preconditions(world: World, name: str, tags: str, allowed: bool | None) -> None:
    made = create(world)
    second = change(world, made, {"content": {"brand": "B"}}).expect(200).data()
    changed = change(world, made, {"content": {"name": "Nut"}}, headers={name: tags})
    if allowed:
        changed.expect(200)
        tags = tags.replace("-2", "-3")
    deleted = delete(world, made, headers={name: tags})
    if allowed:
        deleted.expect(204)
        return
    for answer in (changed, deleted):
        answer.expect_one_of((400, "invalid_request") if allowed is None else (412, "precondition_failed"))
    assert read(world, made).data() == second


def test_preconditions_are_evaluated_for_unchanged_patches(world: World) -> None:
    made = create(world)
    change(world, made, {}, headers={"If-Match": '"p-9"'}).expect(412, "precondition_failed")
    assert change(world, made, {}, headers={"If-Match": '"p-1"'}).expect(200).data() == made


def test_preconditions_reveal_nothing_of_another_account(world: World) -> None:
    made = create(world)
    for method in ("GET", "DELETE"):
        for name in ("If-Match", "If-None-Match"):
            answer = world.api.request(method, path(made), bearer=world.other_owner.access, headers={name: '"p-1"'})
            answer.expect(404, "not_found")
