"""A recall reaches every partner who received affected items, and each acknowledges it, tier by tier."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import uuid4

import pytest

from harness.answers import Answer, JsonObject
from harness.clients import get_token, make_client
from harness.concurrency import concurrently
from harness.people import Session
from harness.rows import execute, rows
from harness.world import World
from linkxg.network.epcis.documents.model import Item
from network.connected import feed
from network.partners import account, confirm_gln, declare_gln, new_partner
from network.recalling import NOTICES, RECALLS, STRANGER, sent_to
from network.sharing import connect
from traceability.chain import made, packed
from traceability.test_routes import capture, new_lots


def announce(world: World, item: Item, by: Session | None = None, **given: Any) -> Answer:
    headers = given.pop("headers", ())
    body = {"items": [item.uri], "reason": "The dye exceeds its limit."} | given
    return world.api.post(RECALLS, bearer=(by or world.owner).access, json=body, headers=headers)


def read(world: World, recall: JsonObject, by: Session | None = None) -> JsonObject:
    found: JsonObject = world.api.get(f"{RECALLS}/{recall['id']}", bearer=(by or world.owner).access).expect(200).data()
    return found


def notices(world: World, by: Session, query: str = "") -> list[JsonObject]:
    found: list[JsonObject] = world.api.get(f"{NOTICES}{query}", bearer=by.access).expect(200).object()["data"]
    return found


def acknowledge(world: World, notice: JsonObject, by: Session, **given: Any) -> Answer:
    return world.api.post(f"{NOTICES}/{notice['id']}/acknowledge", bearer=by.access, json=given)


class Chain:
    """The first account makes cloth of yarn and ships it to a buyer, who ships it on to a shop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.yarn, self.cloth, self.other = new_lots(3)
        self.buyer, self.connection = new_partner(world)
        self.shop, _ = new_partner(world)
        self.buyer_id, self.shop_id = (str(account(world, one)["id"]) for one in (self.buyer, self.shop))
        gln = declare_gln(world, self.buyer)
        shop_gln = declare_gln(world, self.shop)
        confirm_gln(world, world.owner, self.connection["id"], gln).expect(200)
        capture(
            world,
            world.account.account_id,
            made([self.yarn], [self.cloth], quantities={self.cloth.uri: (12.5, "KGM")}),
            sent_to([self.cloth], gln, at=1),
            sent_to([self.cloth], STRANGER, at=2),
        )
        confirm_gln(world, self.buyer, connect(world, self.buyer_id, self.shop_id), shop_gln).expect(200)
        capture(world, self.buyer_id, sent_to([self.cloth], shop_gln, at=3))


@pytest.fixture
def chain(world: World) -> Chain:
    return Chain(world)


def test_a_recall_names_what_is_affected_and_who_received_it(world: World, chain: Chain) -> None:
    answer = announce(world, chain.yarn, instructions="Stop the sale.").expect(201)
    recall = answer.data()
    assert str(answer.header("Location")).endswith(f"/api/v1{RECALLS}/{recall['id']}")
    assert read(world, recall) == recall
    assert (recall["status"], recall["affectedItems"], recall["items"]) == ("OPEN", 2, [chain.yarn.uri])
    # What is captured during the walks has an earlier record time: no `asOf` would reproduce the recall.
    assert "asOf" not in recall
    assert recall["products"][0]["quantity"] == {"value": 12.5, "unit": "KGM"}
    assert recall["progress"] == {"recipients": 2, "notified": 1, "acknowledged": 0}
    known, stranger = sorted(recall["recipients"], key=lambda one: not one["notified"])
    assert known["partner"]["accountId"] == chain.buyer_id
    assert (known["items"], known["onward"]) == ([chain.cloth.uri], "NONE")
    assert (stranger["partner"], stranger["gln"]) == (None, STRANGER)
    assert recall["id"] in {one["id"] for one in world.api.get(RECALLS, bearer=world.owner.access).object()["data"]}


def test_a_repeated_announcement_is_answered_before_it_is_checked(world: World, chain: Chain) -> None:
    """What has changed since, such as an ended connection, rejected a repetition of what had been announced."""
    again: dict[str, Any] = {"connectionIds": [chain.connection["id"]], "headers": [("Idempotency-Key", str(uuid4()))]}
    made = announce(world, chain.yarn, **again).expect(201).data()
    path = f"/connections/{chain.connection['id']}/revoke"
    world.api.post(path, bearer=world.owner.access, json={}).expect(200)
    repeated = announce(world, chain.yarn, **again).expect(201)
    assert (repeated.data()["id"], repeated.header("Idempotent-Replayed")) == (made["id"], "true")
    announce(world, chain.yarn, **again, reason=" ").expect(422, "idempotency_key_reused")


def test_the_partner_gets_only_what_concerns_them(world: World, chain: Chain) -> None:
    announce(world, chain.yarn, instructions="Stop the sale.").expect(201)
    (notice,) = notices(world, chain.buyer)
    assert notice["items"] == [chain.cloth.uri]
    assert (notice["reason"], notice["instructions"]) == ("The dye exceeds its limit.", "Stop the sale.")
    assert notice["issuer"]["accountId"] == world.account.account_id
    assert chain.yarn.uri not in str(notice)
    (entry,) = [one for one in feed(world, chain.buyer) if one["type"] == "RECALL_NOTICE"]
    assert (entry["noticeId"], entry["connectionId"]) == (notice["id"], notice["connectionId"])
    for stranger in (chain.shop, world.other_owner):
        assert notice["id"] not in {one["id"] for one in notices(world, stranger)}
        world.api.get(f"{NOTICES}/{notice['id']}", bearer=stranger.access).expect(404, "not_found")
        acknowledge(world, notice, stranger).expect(404, "not_found")


def test_an_acknowledgement_counts_once_and_is_told(world: World, chain: Chain) -> None:
    recall = announce(world, chain.yarn).expect(201).data()
    (notice,) = notices(world, chain.buyer, "?waiting=true")
    answers = concurrently([lambda: acknowledge(world, notice, chain.buyer, note="Two were sold.")] * 4)
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert notices(world, chain.buyer, "?waiting=true") == []
    found = read(world, recall)
    known = next(one for one in found["recipients"] if one["notified"])
    assert (known["acknowledgedBy"], known["note"]) == ("PARTNER", "Two were sold.")
    assert found["progress"]["acknowledged"] == 1
    told = [one for one in feed(world, world.owner) if one.get("noticeId") == notice["id"]]
    assert [one["type"] for one in told] == ["RECALL_ACKNOWLEDGED"]


def test_a_recipient_without_a_connection_is_recorded_by_hand(world: World, chain: Chain) -> None:
    recall = announce(world, chain.yarn).expect(201).data()
    known, stranger = sorted(recall["recipients"], key=lambda one: not one["notified"])
    where = f"{RECALLS}/{recall['id']}/recipients"
    by_hand = {"note": "Called; they have separated it."}
    world.api.post(f"{where}/{known['id']}/acknowledge", bearer=world.owner.access).expect(409, "invalid_state")
    world.api.post(f"{where}/{stranger['id']}/acknowledge", bearer=chain.buyer.access).expect(404, "not_found")
    done = world.api.post(f"{where}/{stranger['id']}/acknowledge", bearer=world.owner.access, json=by_hand).expect(200)
    assert done.data()["progress"]["acknowledged"] == 1
    (notice,) = notices(world, chain.buyer)
    acknowledge(world, notice, chain.buyer).expect(200)
    assert read(world, recall)["status"] == "ACKNOWLEDGED"


def test_a_withdrawn_recall_does_not_pass_a_notice_on(world: World, chain: Chain) -> None:
    """Recalls that were announced and withdrawn made the list of a notice grow without a bound."""
    announce(world, chain.yarn).expect(201)
    (notice,) = notices(world, chain.buyer)
    body = {"reason": "Our supplier recalls it.", "noticeId": notice["id"]}
    made, withdrawn = (world.api.post(RECALLS, bearer=chain.buyer.access, json=body).expect(201).data() for _ in "12")
    world.api.post(f"{RECALLS}/{withdrawn['id']}/withdraw", bearer=chain.buyer.access, json={}).expect(200)
    assert notices(world, chain.buyer)[0]["recallIds"] == [made["id"]]
    found = world.api.get(f"{NOTICES}/{notice['id']}", bearer=chain.buyer.access).expect(200).data()
    assert found["recallIds"] == [made["id"]]


def test_a_notice_is_passed_on_tier_by_tier_without_names(world: World, chain: Chain) -> None:
    recall = announce(world, chain.yarn).expect(201).data()
    (notice,) = notices(world, chain.buyer)
    body = {"reason": "Our supplier recalls it.", "noticeId": notice["id"]}
    onward = world.api.post(RECALLS, bearer=chain.buyer.access, json=body).expect(201).data()
    assert onward["items"] == [chain.cloth.uri]
    assert onward["recipients"][0]["partner"]["accountId"] == chain.shop_id
    assert notices(world, chain.buyer)[0]["recallIds"] == [onward["id"]]

    def seen_by_issuer() -> str:
        found = read(world, recall)
        assert chain.shop_id not in str(found)
        return str(next(one for one in found["recipients"] if one["notified"])["onward"])

    assert seen_by_issuer() == "ANNOUNCED"
    (last,) = notices(world, chain.shop)
    acknowledge(world, last, chain.shop).expect(200)
    assert seen_by_issuer() == "ACKNOWLEDGED"
    world.api.post(f"{RECALLS}/{onward['id']}/withdraw", bearer=chain.buyer.access).expect(200)
    assert seen_by_issuer() == "NONE"
    world.api.post(RECALLS, bearer=chain.shop.access, json=body).expect(422, "validation_failed")


def test_a_notice_counts_as_passed_on_only_with_its_items_and_ten_times(world: World, chain: Chain) -> None:
    """Security rule 220."""
    recall = announce(world, chain.yarn).expect(201).data()
    (notice,) = notices(world, chain.buyer)
    capture(world, chain.buyer_id, made([chain.other], [new_lots(1)[0]]))
    announce(world, chain.other, by=chain.buyer, noticeId=notice["id"]).expect(422, "validation_failed")

    def onward() -> str:
        return str(next(one for one in read(world, recall)["recipients"] if one["notified"])["onward"])

    assert onward() == "NONE"
    for _ in range(10):
        passed = announce(world, chain.cloth, by=chain.buyer, noticeId=notice["id"]).expect(201).data()
    announce(world, chain.cloth, by=chain.buyer, noticeId=notice["id"]).expect(409, "conflict")
    assert onward() == "ANNOUNCED"
    withdrawn = world.api.post(f"{RECALLS}/{passed['id']}/withdraw", bearer=chain.buyer.access)
    withdrawn.expect(200)
    announce(world, chain.cloth, by=chain.buyer, noticeId=notice["id"]).expect(201)


def test_nobody_behind_a_partner_is_not_the_same_as_all_have_acknowledged(world: World, chain: Chain) -> None:
    """Security rule 220."""
    announce(world, chain.cloth, by=chain.buyer).expect(201)
    (notice,) = notices(world, chain.shop)
    capture(world, chain.shop_id, made([chain.cloth], [new_lots(1)[0]]))
    passed = announce(world, chain.cloth, by=chain.shop, noticeId=notice["id"]).expect(201).data()
    assert passed["status"] == "NO_RECIPIENTS"
    found = world.api.get(f"{RECALLS}?limit=1", bearer=chain.buyer.access).expect(200).object()["data"][0]
    assert read(world, found, chain.buyer)["recipients"][0]["onward"] == "NO_RECIPIENTS"


def test_a_recall_that_returns_to_its_issuer_ends(world: World, chain: Chain) -> None:
    own_gln = declare_gln(world, world.owner)
    confirm_gln(world, chain.buyer, chain.connection["id"], own_gln).expect(200)
    capture(world, chain.buyer_id, sent_to([chain.cloth], own_gln, at=9))
    recall = announce(world, chain.yarn).expect(201).data()
    (notice,) = notices(world, chain.buyer)
    body = {"reason": "It came back.", "noticeId": notice["id"]}
    world.api.post(RECALLS, bearer=chain.buyer.access, json=body).expect(201)
    back = next(one for one in notices(world, world.owner) if one["issuer"]["accountId"] == chain.buyer_id)
    again = {"reason": "Once more.", "noticeId": back["id"]}
    world.api.post(RECALLS, bearer=world.owner.access, json=again).expect(201)
    assert next(one for one in read(world, recall)["recipients"] if one["notified"])["onward"] == "ANNOUNCED"
    world.api.patch("/account", bearer=world.owner.access, json={"gln": None}).expect(200)


def test_a_withdrawn_recall_says_so_to_its_recipients(world: World, chain: Chain) -> None:
    recall = announce(world, chain.yarn).expect(201).data()
    where = f"{RECALLS}/{recall['id']}/withdraw"
    world.api.post(where, bearer=chain.buyer.access).expect(404, "not_found")
    done = world.api.post(where, bearer=world.owner.access, json={"reason": "Wrong result."}).expect(200).data()
    assert (done["status"], done["withdrawalReason"]) == ("WITHDRAWN", "Wrong result.")
    world.api.post(where, bearer=world.owner.access).expect(409, "invalid_state")
    (notice,) = notices(world, chain.buyer)
    assert notice["withdrawalReason"] == "Wrong result."
    assert notices(world, chain.buyer, "?waiting=true") == []
    types = [one["type"] for one in feed(world, chain.buyer) if one["type"].startswith("RECALL")]
    assert types == ["RECALL_NOTICE", "RECALL_WITHDRAWN"]


def test_only_chosen_partners_are_notified(world: World, chain: Chain) -> None:
    recall = announce(world, chain.yarn, connectionIds=[]).expect(201).data()
    assert recall["progress"]["notified"] == 0
    assert notices(world, chain.buyer) == []
    announce(world, chain.yarn, connectionIds=[str(uuid4())]).expect(422, "validation_failed")


def test_a_partner_of_an_ended_connection_is_not_notified(world: World, chain: Chain) -> None:
    world.api.post(f"/connections/{chain.connection['id']}/revoke", bearer=world.owner.access).expect(200)
    recall = announce(world, chain.yarn).expect(201).data()
    assert recall["progress"] == {"recipients": 2, "notified": 0, "acknowledged": 0}
    assert notices(world, chain.buyer) == []


def test_what_is_in_a_container_is_recalled_from_who_received_the_container(world: World) -> None:
    buyer, connection = new_partner(world)
    gln = declare_gln(world, buyer)
    confirm_gln(world, world.owner, connection["id"], gln).expect(200)
    lot, box = new_lots(2)
    own = world.account.account_id
    capture(world, own, packed([lot], box), sent_to([box], gln, at=1))
    announce(world, lot).expect(201)
    assert [one["items"] for one in notices(world, buyer)] == [[lot.uri]]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"instructions": "x" * 2_001}, "instructions"),
        ({"items": None}, "items"),
        ({"items": []}, "items"),
        ({"items": ["text"]}, "items"),
        ({"items": ["urn:test:none"]}, "items"),
        ({"items": [f"urn:test:{number}" for number in range(51)]}, "items"),
        ({"noticeId": "none"}, "noticeId"),
    ],
)
def test_a_recall_with_faults_is_refused(world: World, given: dict[str, Any], field: str) -> None:
    answer = announce(world, new_lots(1)[0], **given).expect(422, "validation_failed")
    assert field in {one["field"] for one in answer.object()["details"]}


def test_a_recall_is_announced_once_per_key(world: World, chain: Chain) -> None:
    key = [("Idempotency-Key", uuid4().hex)]
    first, second = (announce(world, chain.yarn, headers=key).expect(201) for _ in range(2))
    assert first.data()["id"] == second.data()["id"]
    assert len(notices(world, chain.buyer)) == 1


def test_each_step_takes_its_scopes(world: World, chain: Chain) -> None:
    recall = announce(world, chain.yarn).expect(201).data()
    only_write, only_read = (
        get_token(world.api, make_client(world.api, world.owner, scopes))
        for scopes in ("connections:write", "traceability:read")
    )
    body = {"items": [chain.yarn.uri], "reason": "Why."}
    for token in (only_write, only_read):
        world.api.post(RECALLS, bearer=token, json=body).expect(403, "insufficient_scope")
        world.api.post(f"{RECALLS}/{recall['id']}/withdraw", bearer=token).expect(403, "insufficient_scope")
    world.api.get(f"{RECALLS}/{recall['id']}", bearer=only_write).expect(403, "insufficient_scope")
    world.api.get(f"{RECALLS}/{recall['id']}", bearer=only_read).expect(200)
    world.api.get(f"{RECALLS}/{recall['id']}", bearer=world.other_owner.access).expect(404, "not_found")


def test_the_table_has_a_row_for_each_recipient(world: World, chain: Chain) -> None:
    recall = announce(world, chain.yarn).expect(201).data()
    answer = world.api.get(
        f"{RECALLS}/{recall['id']}", bearer=world.owner.access, headers=[("Accept", "text/csv")]
    ).expect(200)
    found = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert {row["notified"] for row in found} == {"true", "false"}


def test_both_trails_have_the_acknowledgement(world: World, chain: Chain) -> None:
    announce(world, chain.yarn).expect(201)
    (notice,) = notices(world, chain.buyer)
    acknowledge(world, notice, chain.buyer).expect(200)
    found = rows(
        world.server.database,
        f"select account_id, action from audit_events where target = '{notice['id']}' order by account_id",
    )
    assert sorted(tuple(one) for one in found) == sorted(
        (one, "recall.acknowledged") for one in (world.account.account_id, chain.buyer_id)
    )
    execute(world.server.database, f"delete from recall_notices where id = '{notice['id']}'")
