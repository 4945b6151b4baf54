"""The events of the showcase account: a jacket of fabric of yarn, what hides at both ends, and recalls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from harness.world import World
from linkxg.ids import uuid7
from network.partners import confirm_gln, declare_gln
from network.recalling import STRANGER, forget_gln, recall, received, sent_to
from network.sharing import connection_of
from traceability.chain import crate, lot, made, packed, party, seen, serial
from traceability.test_routes import capture

FABRIC_GTIN, JACKET_GTIN = "09520000010010", "04006381333931"


@dataclass(frozen=True)
class Tracing:
    """Identifiers, and ids of recalls and notices."""

    jackets: str
    fabric: str
    recall: str
    withdrawn: str
    notice: str
    acknowledged: str


def in_thread(unit: Any, *args: Any, **options: Any) -> Any:
    """As long as Playwright runs, its thread cannot use asyncio."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(unit, *args, **options).result()


def build_tracing(world: World) -> Tracing:
    name, own, partner = uuid7()[-4:].upper(), world.account.account_id, world.other_owner
    gln = declare_gln(world, partner)
    confirm_gln(world, world.owner, connection_of(world), gln).expect(200)
    yarn, recycled = lot(f"Y-{name}"), lot(f"R-{name}")
    fabric, jackets = lot(f"F-{name}", FABRIC_GTIN), lot(f"J-{name}", JACKET_GTIN)
    one, pallet = serial(f"S-{name}", JACKET_GTIN, f"J-{name}"), crate(f"pallet-{name}")
    bought = [("source_possessing_party", party(gln))]
    place = "https://id.gs1.org/414/9520000000011"
    in_thread(
        capture,
        world,
        own,
        seen([yarn], at=0, step="receiving", values=bought),
        seen([recycled], at=1, step="receiving", values=[("source_possessing_party", party(STRANGER))]),
        made([yarn, recycled], [fabric], at=100, quantities={fabric.uri: (420.0, "MTR")}),
        made([fabric], [jackets], at=200, quantities={jackets.uri: (310.0, "H87")}),
        seen([one], at=210, action="ADD", step="commissioning"),
        packed([one], pallet, at=300),
        seen([pallet], at=400, step="shipping", disposition="in_transit", read_point=place),
        sent_to([jackets], gln, at=500),
    )
    world.api.post(
        "/traceability/recalls",
        bearer=world.owner.access,
        json={"items": [fabric.uri], "reason": "The dye exceeds its limit.", "instructions": "Stop the sale."},
    ).expect(201)
    forget_gln(world, partner)
    announced = in_thread(recall, world)
    withdrawn = in_thread(recall, world)
    where = f"/traceability/recalls/{withdrawn['id']}/withdraw"
    world.api.post(where, bearer=world.owner.access, json={"reason": "The laboratory erred."}).expect(200)
    acknowledged, notice = in_thread(received, world), in_thread(received, world)
    where = f"/traceability/recall-notices/{acknowledged['id']}/acknowledge"
    world.api.post(where, bearer=world.owner.access, json={"note": "Separated."}).expect(200)
    declare_gln(world, partner, gln)
    confirm_gln(world, world.owner, connection_of(world), gln).expect(200)
    return Tracing(
        jackets.uri,
        fabric.uri,
        str(announced["id"]),
        str(withdrawn["id"]),
        str(notice["id"]),
        str(acknowledged["id"]),
    )
