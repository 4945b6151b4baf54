"""A recall says which affected items are with consumers and where the others were last seen, and so do its tiers."""

from __future__ import annotations

from harness.world import World
from linkxg.network.epcis.documents.model import Item, Level
from network.partners import account
from network.recalling import NOTICES, RECALLS
from network.test_recalls import Chain, announce, notices, read
from traceability.chain import GS1, GTIN, crate, made, packed, seen, serial
from traceability.test_routes import capture, new_lots

SHOP, STORE = f"{GS1}/414/4012345000016", f"{GS1}/414/4012345000023"


def counted(world: World, item: Item) -> tuple[int | None, list[tuple[str | None, int, int]]]:
    found = announce(world, item).expect(201).data()
    assert read(world, found) == found
    return found["withConsumers"], [(one["place"], one["items"], one["withConsumers"]) for one in found["places"]]


def serials_of(lot: Item, count: int) -> list[Item]:
    return [serial(f"{lot.lot}-{number}"[-20:]) for number in range(count)]


def test_items_are_counted_by_the_last_disposition_of_their_own_or_inherited_events(world: World) -> None:
    (lot,) = new_lots(1)
    sold, returned, boxed, unknown = serials_of(lot, 4)
    box = crate(f"box-{lot.lot}")
    capture(
        world,
        world.account.account_id,
        made([lot], [sold, returned, boxed, unknown]),
        seen([sold, returned, boxed], step="storing", disposition="in_progress", location=STORE, at=1),
        seen([sold, returned], step="retail_selling", disposition="retail_sold", location=SHOP, at=2),
        seen([returned], step="returning", disposition="returned", at=3),
        packed([boxed], box, at=4),
        seen([box], step="receiving", disposition="in_progress", location=SHOP, at=5),
    )
    # `returned` has no later place than the shop; the lot and one serial have none.
    assert counted(world, lot) == (1, [(SHOP, 3, 1), (None, 2, 0)])
    found = world.api.get(f"/traceability/impact?item={lot.uri}", bearer=world.owner.access).expect(200).data()
    of_item = {one["id"]: (one["disposition"], one["place"], one["withConsumers"]) for one in found["items"]}
    assert of_item[sold.uri] == ("retail_sold", SHOP, True)
    assert of_item[returned.uri] == ("returned", SHOP, False)
    assert of_item[boxed.uri] == ("in_progress", SHOP, False)
    assert of_item[unknown.uri] == (None, None, False)


def test_a_lot_of_which_a_part_was_sold_stays_with_consumers(world: World) -> None:
    """A later count of what is left does not take back what was sold."""
    (lot,) = new_lots(1)
    capture(
        world,
        world.account.account_id,
        seen([lot], step="retail_selling", disposition="retail_sold", location=SHOP, at=1),
        seen([lot], step="stock_taking", disposition="in_progress", location=STORE, at=2),
    )
    assert counted(world, lot) == (1, [(STORE, 1, 1)])


def test_a_partner_without_recipients_whose_goods_were_sold_does_not_look_finished(world: World) -> None:
    chain = Chain(world)
    recall = announce(world, chain.yarn).expect(201).data()
    (notice,) = notices(world, chain.buyer)
    body = {"reason": "It concerns us.", "noticeId": notice["id"]}
    world.api.post(RECALLS, bearer=chain.buyer.access, json=body).expect(201)

    def tier() -> tuple[str, bool]:
        (one,) = (one for one in read(world, recall)["recipients"] if one["notified"])
        return one["onward"], one["withConsumers"]

    assert tier() == ("ANNOUNCED", False)
    (last,) = notices(world, chain.shop)
    capture(world, chain.shop_id, seen([chain.cloth], disposition="retail_sold", location=SHOP, at=9))
    body = {"reason": "It concerns us.", "noticeId": last["id"]}
    passed = world.api.post(RECALLS, bearer=chain.shop.access, json=body).expect(201).data()
    assert (passed["status"], passed["withConsumers"]) == ("NO_RECIPIENTS", 1)
    world.api.post(f"{NOTICES}/{last['id']}/acknowledge", bearer=chain.shop.access).expect(200)
    # Two tiers away: that items are with consumers, and neither whose nor how many.
    assert tier()[1] is True
    assert SHOP not in str(read(world, recall))
    world.api.post(f"{RECALLS}/{passed['id']}/withdraw", bearer=chain.shop.access).expect(200)
    assert tier()[1] is False


def test_items_are_named_as_the_company_that_recalls_names_them(world: World) -> None:
    chain = Chain(world)
    recall = announce(world, chain.yarn).expect(201).data()
    (named,) = recall["itemDetails"]
    assert (named["id"], named["gtin"], named["lot"], named["serial"]) == (
        chain.yarn.uri, GTIN, chain.yarn.lot, None,
    )  # fmt: skip
    (notice,) = notices(world, chain.buyer)
    assert [one["lot"] for one in notice["itemDetails"]] == [chain.cloth.lot]
    assert [one["id"] for one in notice["itemDetails"]] == notice["items"]
    page = world.api.get(f"{NOTICES}/{notice['id']}/items", bearer=chain.buyer.access).expect(200).object()["data"]
    assert page == notice["itemDetails"]
    assert str(account(world, chain.buyer)["id"]) == chain.buyer_id
    assert chain.cloth.level == Level.LOT
