"""Passports of batches and items: issued by a request, pinned to a version of the product, withdrawn one by one."""

from __future__ import annotations

from functools import partial

from harness.concurrency import concurrently
from harness.rows import trail
from harness.world import World
from passports.reading import issued, passports_of, read_by_id
from passports.signatures import signed, status_bit, verified
from passports.units import end, issue
from products.catalogue import change, complete, create, delete, publish, withdraw


def test_batches_and_items_have_passports_of_their_own(world: World) -> None:
    product, model = issued(world, attributes={"colour": "red"})
    lot, item = (
        issue(world, product, {"lot": "L1", "attributes": {"furnace": "3"}}, {"serial": "S/1"}).expect(201).data()
    )
    assert (lot["granularity"], item["granularity"]) == ("batch", "item")
    assert len({model, lot["id"], item["id"]}) == 3
    shown = read_by_id(world, lot["id"]).expect(200).data()
    assert shown["uniqueProductIdentifier"].endswith(f"/01/{product['gtin']}/10/L1")
    assert shown["content"]["attributes"] == {"colour": "red", "furnace": "3"}
    shown = read_by_id(world, item["id"]).expect(200).data()
    assert shown["uniqueProductIdentifier"].endswith("/21/S%2F1")
    assert read_by_id(world, model).data()["content"]["attributes"] == {"colour": "red"}


def test_a_batch_stays_with_the_version_it_was_issued_with_until_it_is_issued_again(world: World) -> None:
    product, _ = issued(world, brand="First")
    (lot,) = issue(world, product, {"lot": "L1"}).data()
    change(world, product, {"content": {"brand": "Second"}}).expect(200)
    publish(world, product).expect(200)
    assert read_by_id(world, lot["id"]).data()["content"]["brand"] == "First"
    (again,) = issue(world, product, {"lot": "L1"}).data()
    assert (again["id"], again["version"], again["outcome"]) == (lot["id"], 2, "UPDATED")
    assert read_by_id(world, lot["id"]).data()["content"]["brand"] == "Second"
    assert issue(world, product, {"lot": "L1"}).data()[0]["outcome"] == "UNCHANGED"
    assert read_by_id(world, lot["id"], "?version=1").data()["content"]["brand"] == "First"


def test_a_repeated_request_is_answered_by_its_record(world: World) -> None:
    product, _ = issued(world)
    key = {"Idempotency-Key": "units"}
    first = issue(world, product, {"lot": "L1"}, headers=key).expect(201)
    again = issue(world, product, {"lot": "L1"}, headers=key).expect(201)
    assert again.data() == first.data()
    assert again.header("idempotent-replayed") == "true"


def test_every_fault_of_a_request_is_reported(world: World) -> None:
    product, _ = issued(world)
    answer = issue(
        world, product, {"lot": "ä"}, {}, {"lot": "1", "lifeStatus": "re-used"}, {"lot": "1"},
        {"serial": "2", "productionDate": "2026-02-02", "expiryDate": "2026-01-01", "predecessor": "x"},
        {"serial": "3", "access": {"name": "authority"}},
    )  # fmt: skip
    found = {(one["field"], one["code"]) for one in answer.expect(422, "validation_failed").object()["details"]}
    assert found == {
        ("passports[0].lot", "invalid"), ("passports[1].lot", "missing"), ("passports[2].predecessor", "invalid"),
        ("passports[3]", "duplicate"), ("passports[4].expiryDate", "invalid"), ("passports[4].predecessor", "invalid"),
        ("passports[5].access", "unknown_field"),
    }  # fmt: skip
    issue(world, product).expect(422, "validation_failed")


def test_only_what_is_published_and_not_withdrawn_is_issued(world: World) -> None:
    issue(world, create(world, **complete()), {"lot": "1"}).expect(409, "invalid_state")
    product, _ = issued(world)
    withdraw(world, product, 1).expect(200)
    issue(world, product, {"lot": "1"}).expect(409, "invalid_state")
    archived, _ = issued(world)
    delete(world, archived).expect(204)
    issue(world, archived, {"lot": "1"}).expect(409, "invalid_state")
    issue(world, archived, {"lot": "1"}, bearer=world.other_owner.access).expect(404, "not_found")
    issue(world, archived, {"lot": "1"}, bearer=world.session("VIEWER").access).expect(403, "insufficient_scope")


def test_a_changed_gtin_is_published_before_batches_get_it(world: World) -> None:
    product, _ = issued(world)
    change(world, product, {"gtin": complete()["gtin"], "content": {"brand": "Other"}}).expect(200)
    issue(world, product, {"lot": "1"}).expect(409, "invalid_state")
    publish(world, product).expect(200)
    (lot,) = issue(world, product, {"lot": "1"}).expect(201).data()
    listed = passports_of(world, product, lot="1")
    assert [one["digitalProductPassportId"].rpartition("/")[2] for one in listed] == [lot["id"]]


def test_a_withdrawn_passport_says_so_stays_and_its_signature_is_revoked(world: World) -> None:
    product, model = issued(world)
    lot, other = issue(world, product, {"lot": "L1"}, {"lot": "L2"}).data()
    credential, spared = (verified(world, signed(world, one["id"])) for one in (lot, other))
    end(world, lot["id"], "withdraw", {"reason": "Never made."}, bearer=world.other_owner.access).expect(
        404, "not_found"
    )
    end(world, model, "withdraw", {"reason": "Never made."}).expect(409, "invalid_state")
    ended = end(world, lot["id"], "withdraw", {"reason": "Never made."}).expect(200).data()
    assert ended["withdrawReason"] == "Never made."
    assert (status_bit(world, credential), status_bit(world, spared)) == (1, 0)
    shown = read_by_id(world, lot["id"]).expect(200).data()
    assert (shown["dppStatus"], shown["withdrawn"]["reason"]) == ("invalid", "Never made.")
    end(world, lot["id"], "withdraw", {"reason": "Again."}).expect(409, "invalid_state")
    issue(world, product, {"lot": "L1"}).expect(409, "invalid_state")
    events = trail(world.server.database, world.account.account_id)
    assert [one.target for one in events if one.action == "passport.withdrawn"][-1] == lot["id"]


def test_waste_ends_the_life_of_an_item_and_another_use_is_another_passport(world: World) -> None:
    product, _ = issued(world)
    (first,) = issue(world, product, {"serial": "1"}).data()
    ended = end(world, first["id"], "life-status", {"lifeStatus": "waste"}).expect(200).data()
    assert (ended["version"], ended["lifeStatus"]) == (2, "waste")
    assert read_by_id(world, first["id"]).data()["dppStatus"] == "inactive"
    assert read_by_id(world, first["id"], "?version=1").data()["lifeStatus"] == "original"
    end(world, first["id"], "life-status", {"lifeStatus": "waste"}).expect(409, "invalid_state")
    end(world, first["id"], "life-status", {"lifeStatus": "re-used"}).expect(409, "invalid_state")
    end(world, first["id"], "life-status", {"lifeStatus": "original"}).expect(422, "validation_failed")
    address = f"https://dpp.example/dpp/{first['id']}"
    (second,) = issue(world, product, {"serial": "2", "lifeStatus": "remanufactured", "predecessor": address}).data()
    shown = read_by_id(world, second["id"]).data()
    assert (shown["lifeStatus"], shown["predecessor"]) == ("remanufactured", address)


def test_what_becomes_of_an_item_is_a_version_of_its_passport(world: World) -> None:
    product, _ = issued(world)
    (item,) = issue(world, product, {"serial": "1"}).data()
    for number, status in enumerate(("re-used", "repurposed"), start=2):
        changed = end(world, item["id"], "life-status", {"lifeStatus": status}).expect(200).data()
        assert (changed["version"], changed["lifeStatus"]) == (number, status)
    shown = read_by_id(world, item["id"]).data()
    assert (shown["dppStatus"], shown["lifeStatus"]) == ("active", "repurposed")
    assert read_by_id(world, item["id"], "?version=2").data()["lifeStatus"] == "re-used"


def test_requests_at_the_same_time_issue_one_passport(world: World) -> None:
    product, _ = issued(world)
    answers = concurrently(partial(issue, world, product, {"lot": "L1"}) for _ in range(4))
    made = [answer.expect(201).data()[0] for answer in answers]
    assert len({one["id"] for one in made}) == 1
    assert sorted(one["outcome"] for one in made) == ["CREATED", "UNCHANGED", "UNCHANGED", "UNCHANGED"]


def test_readers_at_the_same_time_get_one_signature(world: World) -> None:
    _, passport_id = issued(world)
    assert len(set(concurrently(partial(signed, world, passport_id) for _ in range(6)))) == 1
