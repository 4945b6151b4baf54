"""Publishing and withdrawing at the same time leave one consistent end, whichever comes first. Security rule 243."""

from __future__ import annotations

from functools import partial

import pytest

from harness.concurrency import concurrently
from harness.world import World
from passports.reading import issued, read_by_id
from passports.signatures import signed, status_bit, verified
from passports.units import end, issue
from products.catalogue import change, publish, withdraw

ROUNDS = range(4)


@pytest.mark.parametrize("number", ROUNDS)
def test_a_version_is_published_while_the_one_before_is_withdrawn(world: World, number: int) -> None:
    product, passport_id = issued(world)
    before = verified(world, signed(world, passport_id))
    change(world, product, {"content": {"brand": f"Next {number}"}}).expect(200)
    published, withdrawn = concurrently(
        [partial(publish, world, product), partial(withdraw, world, product, 1, "Wrong.")]
    )
    assert (published.status, withdrawn.status) == (200, 200)
    now = read_by_id(world, passport_id).data()
    assert (now["version"], now["dppStatus"], now["withdrawn"]) == (2, "active", None)
    first = read_by_id(world, passport_id, "?version=1").data()
    assert first["withdrawn"]["reason"] == "Wrong."
    assert first["dppStatus"] == "invalid"
    # The signature of the first version is revoked; that of the second, which is made now, is not.
    assert status_bit(world, before) == 1
    assert status_bit(world, verified(world, signed(world, passport_id))) == 0


@pytest.mark.parametrize("number", ROUNDS)
def test_of_concurrent_withdrawals_and_changes_of_an_item_all_see_one_order(world: World, number: int) -> None:
    product, _ = issued(world)
    (item,) = issue(world, product, {"serial": str(number)}).expect(201).data()
    id = item["id"]
    answers = concurrently([
        partial(end, world, id, "withdraw", {"reason": "First."}),
        partial(end, world, id, "withdraw", {"reason": "Second."}),
        partial(end, world, id, "life-status", {"lifeStatus": "re-used"}),
        partial(issue, world, product, {"serial": str(number), "attributes": {"a": 1}}),
        partial(withdraw, world, product, 1, "The model."),
    ])  # fmt: skip
    ended = [answer.status for answer in answers[:2]]
    assert sorted(ended) == [200, 409]
    assert answers[4].status == 200
    assert {answers[2].status, answers[3].status} <= {200, 201, 409}
    now = read_by_id(world, id).data()
    made = 1 + (answers[2].status == 200) + (answers[3].status == 201)
    assert now["version"] == made
    assert now["dppStatus"] == "invalid"
    assert now["withdrawn"]["reason"] == ("First." if ended[0] == 200 else "Second.")
    # Whatever is signed from now on is revoked from the beginning.
    assert status_bit(world, verified(world, signed(world, id))) == 1
    end(world, id, "life-status", {"lifeStatus": "repurposed"}).expect(409, "invalid_state")
    issue(world, product, {"serial": str(number)}).expect(409, "invalid_state")
