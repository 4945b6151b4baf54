"""Concurrent writes to one product: one wins, the others get a conflict, never a 5xx."""

from __future__ import annotations

from collections import Counter
from functools import partial
from uuid import uuid4

from harness.concurrency import concurrently
from harness.world import World
from products.catalogue import body, change, create, delete, new_gtin, new_sku, post, read

AT_ONCE = 8


def outcomes(answers: list[object]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status, answer.error) for answer in answers)  # type: ignore[attr-defined]


def test_concurrent_creates_of_one_sku_make_one_product(world: World) -> None:
    for _ in range(3):
        sku = new_sku()
        answers = concurrently(partial(post, world, body(sku=sku)) for _ in range(AT_ONCE))
        assert outcomes([*answers]) == {(201, None): 1, (409, "duplicate_sku"): AT_ONCE - 1}


def test_concurrent_creates_of_one_gtin_make_one_product(world: World) -> None:
    gtin = new_gtin()
    answers = concurrently(partial(post, world, body(gtin=gtin)) for _ in range(AT_ONCE))
    assert outcomes([*answers]) == {(201, None): 1, (409, "duplicate_gtin"): AT_ONCE - 1}


def test_concurrent_repetitions_of_one_request_make_one_product(world: World) -> None:
    given, key = body(), {"Idempotency-Key": str(uuid4())}
    answers = concurrently(partial(post, world, given, headers=key) for _ in range(AT_ONCE))
    assert outcomes([*answers]) == {(201, None): AT_ONCE}
    assert len({answer.data()["id"] for answer in answers}) == 1
    assert sum(answer.header("idempotent-replayed") == "true" for answer in answers) == AT_ONCE - 1


def test_of_concurrent_changes_to_one_revision_one_wins(world: World) -> None:
    made = create(world)
    for revision in range(1, 4):
        tag = {"If-Match": f'"p-{revision}"'}
        answers = concurrently(
            partial(change, world, made, {"content": {"brand": str(uuid4())}}, headers=tag) for _ in range(AT_ONCE)
        )
        assert outcomes([*answers]) == {(200, None): 1, (412, "precondition_failed"): AT_ONCE - 1}
        winner = next(answer for answer in answers if answer.status == 200)
        assert read(world, made).data() == winner.data()


def test_concurrent_unconditional_changes_are_all_applied(world: World) -> None:
    made = create(world)
    answers = concurrently(
        partial(change, world, made, {"content": {"attributes": {f"a{number}": number}}}) for number in range(AT_ONCE)
    )
    assert outcomes([*answers]) == {(200, None): AT_ONCE}
    assert sorted(answer.data()["revision"] for answer in answers) == list(range(2, AT_ONCE + 2))
    assert read(world, made).data()["content"]["attributes"] == {f"a{number}": number for number in range(AT_ONCE)}


def test_an_identifier_claimed_by_changes_and_creates_goes_to_one(world: World) -> None:
    existing = [create(world) for _ in range(AT_ONCE // 2)]
    sku, gtin = new_sku(), new_gtin()
    answers = concurrently(
        [
            *(partial(change, world, product, {"sku": sku, "gtin": gtin}) for product in existing),
            *(partial(post, world, body(sku=sku, gtin=gtin)) for _ in range(AT_ONCE // 2)),
        ]
    )
    assert sum(answer.status < 300 for answer in answers) == 1
    assert {answer.error for answer in answers if answer.status >= 300} == {"duplicate_sku"}


def test_products_that_swap_skus_never_cause_a_5xx(world: World) -> None:
    first, second = create(world), create(world)
    for _ in range(5):
        answers = concurrently(
            [
                partial(change, world, first, {"sku": second["sku"]}),
                partial(change, world, second, {"sku": first["sku"]}),
            ]
        )
        assert outcomes([*answers]) == {(409, "duplicate_sku"): 2}


def test_of_concurrent_deletes_one_succeeds(world: World) -> None:
    made = create(world)
    answers = concurrently(partial(delete, world, made) for _ in range(AT_ONCE))
    assert outcomes([*answers]) == {(204, None): 1, (404, "not_found"): AT_ONCE - 1}


def test_changes_concurrent_with_a_delete_leave_no_product(world: World) -> None:
    made = create(world)
    answers = concurrently(
        [
            partial(delete, world, made),
            *(partial(change, world, made, {"content": {"brand": str(uuid4())}}) for _ in range(5)),
        ]
    )
    assert answers[0].status == 204
    assert {answer.status for answer in answers[1:]} <= {200, 404}
    read(world, made).expect(404, "not_found")
