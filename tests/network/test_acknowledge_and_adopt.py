"""A viewer answers the owner about a shared product, or adopts it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from harness.answers import Answer, JsonObject
from harness.clients import get_token, make_client
from harness.rows import trail
from harness.world import World
from network.sharing import SHARED, feed_of, read_shared, share, withdraw
from products.catalogue import change, publish, published

STEEL = {
    "name": "Steel", "code": "7439-89-6", "schemeId": "https://cas.example/", "massFraction": 0.5,
    "originCountry": "DE",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("without_shares")


def _act(world: World, product: JsonObject, verb: str, **options: Any) -> Answer:
    bearer = {"bearer": world.other_owner.access}
    return world.api.post(f"{SHARED}/{product['id']}/{verb}", **bearer | options)


def _answer_of(world: World, product: JsonObject) -> JsonObject | None:
    """As its owner sees it."""
    where = f"/products/{product['id']}/shares"
    [found] = world.api.get(where, bearer=world.owner.access).expect(200).object()["data"]
    answer: JsonObject | None = found["acknowledgement"]
    return answer


def test_the_owner_sees_the_answer(world: World) -> None:
    product = published(world)
    _act(world, product, "acknowledge", json={"status": "ACCEPTED"}).expect(404, "not_found")
    made = share(world, product)
    rejected = {"status": "REJECTED", "reason": "No mass", "fields": ["dimensions.netWeight"]}
    answer = _act(world, product, "acknowledge", json=rejected).expect(200).data()
    assert answer.items() >= (rejected | {"productId": product["id"], "version": 1}).items()
    assert _answer_of(world, product) == answer
    counts = world.api.get(f"/shares/{made['id']}", bearer=world.owner.access).expect(200).data()["acknowledgements"]
    assert counts == {"accepted": 0, "rejected": 1, "review": 0}
    change(world, product, {"content": {"name": "Second"}}).expect(200)
    publish(world, product).expect(200)
    accepted = _act(world, product, "acknowledge", json={"status": "ACCEPTED"}).expect(200).data()
    assert (accepted["version"], accepted["reason"], accepted["fields"]) == (2, None, None)
    assert _answer_of(world, product) == accepted
    assert feed_of(world, world.account.account_id)[-1] == ("ACKNOWLEDGED", product["id"])
    acting = [row for row in trail(world.server.database, world.account.account_id) if row.target == product["id"]]
    assert (acting[-1].action, acting[-1].actor) == ("product.acknowledged", world.other.account_id)
    withdraw(world, made).expect(204)
    _act(world, product, "acknowledge", json={"status": "ACCEPTED"}).expect(404, "not_found")


def test_every_fault_of_an_answer_is_named(world: World) -> None:
    product = published(world)
    share(world, product)
    body = {"status": "MAYBE", "reason": "x" * 1_001, "fields": ["nonsense"]}
    details = _act(world, product, "acknowledge", json=body).expect(422, "validation_failed").object()["details"]
    assert [one["field"] for one in details] == ["status", "reason", "fields[0]"]


def test_an_adopted_product_is_a_draft_of_what_is_shared(world: World) -> None:
    product = published(world, brand="Acme", materials=[STEEL])
    share(world, product, fields=["brand", "materials.massFraction", "category.code", "dimensions"])
    sku = f"S-{uuid4()}"
    key = [("Idempotency-Key", str(uuid4()))]
    made = _act(world, product, "adopt", json={"sku": sku}, headers=key).expect(201)
    found = made.data()
    assert (found["sku"], found["gtin"], found["status"]) == (sku, product["gtin"], "DRAFT")
    # Materials do not stand without their names; the name that is withheld is not known.
    assert found["content"] == {"name": sku, "brand": "Acme", "category": {"code": product["category"]}}
    assert found["category"] == product["category"]
    assert _act(world, product, "adopt", json={"sku": sku}, headers=key).expect(201).data() == found
    where = f"/products/{found['id']}"
    assert world.api.get(where, bearer=world.other_owner.access).expect(200).data() == found
    world.api.get(where, bearer=world.owner.access).expect(404, "not_found")
    [row] = [row for row in trail(world.server.database, world.other.account_id) if row.target == found["id"]]
    assert row.action == "product.adopted"


def test_an_adopted_product_has_its_own_sku_and_gtin(world: World) -> None:
    product = published(world)
    share(world, product)
    found = _act(world, product, "adopt").expect(201).data()
    assert (found["sku"], found["content"]) == (product["sku"], product["content"])
    _act(world, product, "adopt").expect(409, "duplicate_sku")
    _act(world, product, "adopt", json={"sku": f"S-{uuid4()}"}).expect(409, "duplicate_gtin")


def test_adoption_needs_a_share_and_both_scopes(world: World) -> None:
    product = published(world)
    _act(world, product, "adopt").expect(404, "not_found")
    share(world, product)
    for scope in ("products:write", "connections:read"):
        token = get_token(world.api, make_client(world.api, world.other_owner, scope))
        _act(world, product, "adopt", bearer=token).expect(403, "insufficient_scope")
    read_shared(world, product).expect(200)
