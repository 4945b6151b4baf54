"""What a recall stores of each recipient: the items in pages, and whether it was contested."""

from __future__ import annotations

import pytest

from harness.answers import JsonObject
from harness.people import Session
from harness.rows import execute
from harness.world import World
from network.partners import account, declare_gln, new_partner
from network.recalling import NOTICES, RECALLS, sent_to
from network.test_recalls import Chain, announce, notices, read
from traceability.chain import made
from traceability.test_routes import capture, new_lots


@pytest.fixture
def chain(world: World) -> Chain:
    return Chain(world)


def all_items(world: World, path: str, by: Session, limit: int = 100) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        page = world.api.get(f"{path}?limit={limit}{cursor}", bearer=by.access).expect(200).object()
        found += [one["id"] for one in page["data"]]
        if not page["pagination"]["hasMore"]:
            return found
        cursor = f"&cursor={page['pagination']['nextCursor']}"


def test_answers_have_the_first_items_of_a_notice_and_pages_have_all(world: World, chain: Chain) -> None:
    """Security rule 228: the size of a list of notices was a product of notices and items."""
    many = new_lots(45)
    gln = str(account(world, chain.buyer)["gln"])
    capture(world, world.account.account_id, made([chain.cloth], many), sent_to(many, gln, at=5))
    recall = announce(world, chain.yarn).expect(201).data()
    known = next(one for one in recall["recipients"] if one["notified"])
    expected = sorted({chain.cloth.uri, *(one.uri for one in many)})
    (notice,) = notices(world, chain.buyer)
    for shown in (known, notice, read(world, recall)["recipients"][recall["recipients"].index(known)]):
        assert (shown["itemCount"], shown["items"], shown["truncated"]) == (46, expected[:20], False)
    of_issuer = f"{RECALLS}/{recall['id']}/recipients/{known['id']}/items"
    of_recipient = f"{NOTICES}/{notice['id']}/items"
    assert all_items(world, of_issuer, world.owner, 7) == expected
    assert all_items(world, of_recipient, chain.buyer) == expected
    for path, stranger in ((of_issuer, chain.buyer), (of_recipient, world.owner), (of_recipient, chain.shop)):
        world.api.get(path, bearer=stranger.access).expect(404, "not_found")
    table = world.api.get(f"{RECALLS}/{recall['id']}", bearer=world.owner.access, headers=[("Accept", "text/csv")])
    assert many[-1].uri in table.body.decode()
    passed = {"reason": "Passed on.", "noticeId": notice["id"]}
    world.api.post(RECALLS, bearer=chain.buyer.access, json=passed).expect(201)


def test_a_notice_of_a_recall_that_ended_early_is_not_complete(world: World, chain: Chain) -> None:
    """Security rule 219: a notice that was passed on in part said to its recipient that it named everything."""
    many = new_lots(55)
    gln, shop_gln = (str(account(world, one)["gln"]) for one in (chain.buyer, chain.shop))
    capture(world, world.account.account_id, made([chain.cloth], many), sent_to(many, gln, at=5))
    announce(world, chain.yarn).expect(201)
    capture(world, chain.buyer_id, sent_to(many, shop_gln, at=6))
    (notice,) = notices(world, chain.buyer)
    passed = {"reason": "Passed on.", "noticeId": notice["id"]}
    recall = world.api.post(RECALLS, bearer=chain.buyer.access, json=passed).expect(201).data()
    (received,) = notices(world, chain.shop)
    assert (recall["truncated"], received["truncated"]) == (True, True)


def contest(world: World, chain: Chain) -> JsonObject:
    """A recall while two partners have the buyer's GLN, as may be from a time before GLNs were confirmed."""
    other, connection = new_partner(world)
    gln = declare_gln(world, other, str(account(world, chain.buyer)["gln"]))
    execute(
        world.server.database,
        f"update connections set partner_gln = '{gln}' where id = '{connection['id']}' "
        f"and account_id = '{world.account.account_id}'",
    )
    found: JsonObject = announce(world, chain.yarn).expect(201).data()
    return found


def test_a_stored_recall_says_which_recipient_was_contested(world: World, chain: Chain) -> None:
    """Security rule 229: a recall said of a contested GLN that it is no partner's."""
    recall = contest(world, chain)
    assert recall["progress"] == {"recipients": 2, "notified": 0, "acknowledged": 0}
    for found in (recall, read(world, recall)):
        assert sorted(one["contested"] for one in found["recipients"]) == [False, True]
