"""The weaver: yarn is received, woven into lots of fabric, dyed, inspected, packed and shipped to the brand."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from linkxg.clock import HOUR, rfc3339
from linkxg.ops.demo.companies import BRAND, MILL, WEAVER
from linkxg.ops.demo.event_parts import (
    STEPS,
    Event,
    Pallet,
    Shipment,
    Site,
    event,
    hours,
    lot_link,
    measured,
    moved,
    packed,
    quantity,
    sscc_link,
)
from linkxg.ops.demo.mill_events import LOTS as YARN_LOTS

WORKS = Site("9529000001028", "Weaver Guimarães weaving mill", "+00:00", "+01:00")
FABRICS = ("9520000010027", "9520000010034", "9520000010041", "9520000010058")
LOTS = 60
_WOVEN_M, _YARN_KG = 1_200, 150
_KEPT_OF = 6
"""One of so many lots stays in stock."""


class WeaverYear(NamedTuple):
    events: list[Event]
    shipments: list[Shipment]


def weaver_events(received: Sequence[Shipment]) -> WeaverYear:
    shipments = [_shipment(number) for number in range(LOTS)]
    events = [one for shipment in received for one in _receive(shipment)]
    events += [one for number in range(LOTS) for one in _lot(number, received, shipments[number])]
    events += _wrong_receipt(received[3])
    sent = [one for one in shipments if one.number % _KEPT_OF]
    return WeaverYear(events, sent)


def fabric_lot(number: int) -> str:
    return f"F-{number:03d}"


def _receive(shipment: Shipment) -> Iterator[Event]:
    arrived = shipment.at + 72 * HOUR
    yield moved("receiving", shipment, arrived, WORKS, MILL.gln, WEAVER.gln)
    for place, pallet in enumerate(shipment.pallets, 1):
        yield packed("yarn", pallet, arrived + place * HOUR, WORKS, out=True)


def _shipment(number: int) -> Shipment:
    item = lot_link(FABRICS[number % 4], fabric_lot(number))
    pallets = tuple(Pallet(sscc_link(WEAVER.gln, 2 * number + place), item, _WOVEN_M / 2, "MTR") for place in (1, 2))
    return Shipment(number, item, pallets, hours(8 * number + 232))


def _lot(number: int, yarns: Sequence[Shipment], shipment: Shipment) -> Iterator[Event]:
    """One lot of fabric: warp and weft are lots of yarn that arrived before."""
    begin = 8 * number + 150
    # The lots that had arrived by then, of which four make the same yarn.
    newest = min(number * 2 // 3, YARN_LOTS - 1)
    inputs = [yarns[newest].lot] if newest == 0 else [yarns[newest - 1].lot, yarns[newest].lot]
    fabric = quantity(shipment.lot, _WOVEN_M, "MTR")
    yield event(
        "TransformationEvent", f"weave {number}", hours(begin), WORKS, f"{STEPS}weaving",
        inputQuantityList=[quantity(one, _YARN_KG, "KGM") for one in inputs], outputQuantityList=[fabric],
        ilmd={"cbvmda:lotNumber": fabric_lot(number)},
    )  # fmt: skip
    yield measured(
        f"dye {number}", hours(begin + 24), WORKS, f"{STEPS}dyeing", 1, ("Temperature", 58 + number % 5, "CEL"),
        quantityList=[fabric],
    )  # fmt: skip
    yield event(
        "ObjectEvent", f"inspect fabric {number}", hours(begin + 40), WORKS, "inspecting", action="OBSERVE",
        quantityList=[fabric], disposition="conformant",
    )  # fmt: skip
    if number % _KEPT_OF == 0:
        yield event(
            "ObjectEvent", f"store fabric {number}", hours(begin + 44), WORKS, "storing", action="OBSERVE",
            quantityList=[fabric], disposition="available", bizLocation=WORKS.member,
        )  # fmt: skip
        return
    for place, pallet in enumerate(shipment.pallets):
        yield packed("fabric", pallet, hours(begin + 60 + place), WORKS)
    yield moved("shipping", shipment, shipment.at, WORKS, WEAVER.gln, BRAND.gln)


def _wrong_receipt(shipment: Shipment) -> Iterator[Event]:
    """A receipt that was booked twice, and the declaration that the second one did not occur."""
    at = shipment.at + 75 * HOUR
    wrong = moved("receiving", shipment._replace(number=shipment.number + 9_000), at, WORKS, MILL.gln, WEAVER.gln)
    yield wrong
    yield wrong | {"errorDeclaration": {"declarationTime": rfc3339(at + 24 * HOUR), "reason": "did_not_occur"}}
