"""Recalls between the two accounts of a world."""

from __future__ import annotations

from typing import Any

from harness.answers import JsonObject
from harness.people import Session
from harness.world import World
from linkxg.network.epcis.documents.model import Item
from network.partners import account, confirm_gln, declare_gln
from network.sharing import connection_of
from traceability.chain import party, seen
from traceability.test_routes import capture, new_lots

RECALLS, NOTICES = "/traceability/recalls", "/traceability/recall-notices"
STRANGER = "4012345999990"


def sent_to(items: list[Item], gln: str, **options: Any) -> Any:
    return seen(items, step="shipping", values=[("destination_owning_party", party(gln))], **options)


def shipped(world: World, by: Session | None = None, to: Session | None = None) -> Item:
    """A lot that one account (the first) has shipped to another (the second), and to somebody who is no partner."""
    connection = connection_of(world)
    issuer, recipient = by or world.owner, to or world.other_owner
    item = new_lots(1)[0]
    # Of a GLN that is its own at this moment alone, so that the tests of others find none.
    gln = declare_gln(world, recipient)
    confirm_gln(world, issuer, connection, gln).expect(200)
    own = str(account(world, issuer)["id"])
    capture(world, own, sent_to([item], gln, at=1), sent_to([item], STRANGER, at=2))
    return item


def recall(world: World, by: Session | None = None, to: Session | None = None, **given: Any) -> JsonObject:
    """As announced by one account (the first) to another (the second)."""
    item = shipped(world, by, to)
    body = {"items": [item.uri], "reason": "The dye exceeds its limit."} | given
    made: JsonObject = world.api.post(RECALLS, bearer=(by or world.owner).access, json=body).expect(201).data()
    forget_gln(world, to or world.other_owner)
    return made


def received(world: World, by: Session | None = None, to: Session | None = None) -> JsonObject:
    """The notice that one account (the first) received from another (the second)."""
    recipient = to or world.owner
    recall(world, by or world.other_owner, recipient, instructions="Stop the sale.")
    found: JsonObject = world.api.get(f"{NOTICES}?limit=1", bearer=recipient.access).expect(200).object()["data"][0]
    return found


def forget_gln(world: World, of: Session) -> None:
    world.api.patch("/account", bearer=of.access, json={"gln": None}).expect(200)
