"""The mill: cotton comes in bales, is spun into lots of yarn, tested, packed onto pallets and shipped to the weaver."""

from collections.abc import Iterator
from typing import NamedTuple

from linkxg.ops.demo.companies import MILL, WEAVER
from linkxg.ops.demo.event_parts import (
    STEPS,
    Event,
    Pallet,
    Shipment,
    Site,
    event,
    hours,
    lot_link,
    lot_urn,
    measured,
    moved,
    packed,
    quantity,
    sscc_link,
)

WORKS = Site("9529000002025", "Mill Kayseri spinning works", "+03:00", "+03:00")
COTTON = "9520000029005"
YARNS = ("9520000020019", "9520000020026", "9520000020033", "9520000020040")
LOTS = 40
_SPUN_KG, _BALE_KG = 480, 540


class MillYear(NamedTuple):
    events: list[Event]
    shipments: list[Shipment]


def yarn_lot(number: int) -> str:
    return f"Y-{number:03d}"


def mill_events() -> MillYear:
    shipments = [_shipment(number) for number in range(LOTS)]
    found = [one for number in range(LOTS) for one in _lot(number, shipments[number])]
    return MillYear([*found, *_climate()], shipments)


def _shipment(number: int) -> Shipment:
    item = lot_link(YARNS[number % 4], yarn_lot(number))
    pallets = tuple(Pallet(sscc_link(MILL.gln, 2 * number + place), item, _SPUN_KG // 2, "KGM") for place in (1, 2))
    return Shipment(number, item, pallets, hours(12 * number + 56))


def _lot(number: int, shipment: Shipment) -> Iterator[Event]:
    """One lot of yarn: half of its cotton is of the bales of the lot before."""
    begin = 12 * number
    cotton = lot_urn(COTTON, f"C-{number:03d}")
    before = lot_urn(COTTON, f"C-{max(number - 1, 0):03d}")
    yarn = lot_urn(YARNS[number % 4], yarn_lot(number))
    ilmd = {"cbvmda:lotNumber": f"C-{number:03d}", "cbvmda:countryOfOrigin": "EG" if number % 4 == 3 else "TR"}
    yield event(
        "ObjectEvent", f"bales {number}", hours(begin), WORKS, "commissioning", action="ADD", disposition="active",
        quantityList=[quantity(cotton, 2 * _BALE_KG, "KGM")], ilmd=ilmd,
    )  # fmt: skip
    inputs = [cotton] if before == cotton else [before, cotton]
    yield event(
        "TransformationEvent", f"spin {number}", hours(begin + 20), WORKS, f"{STEPS}spinning",
        inputQuantityList=[quantity(one, _BALE_KG / len(inputs), "KGM") for one in inputs],
        outputQuantityList=[quantity(yarn, _SPUN_KG, "KGM")],
    )  # fmt: skip
    yield measured(
        f"test yarn {number}", hours(begin + 26), WORKS, "inspecting", 1,
        ("RelativeHumidity", 62 + number % 7, "P1"), ("Temperature", 22.5 + number % 4 / 2, "CEL"),
        quantityList=[quantity(yarn, _SPUN_KG, "KGM")], disposition="conformant",
    )  # fmt: skip
    for place, pallet in enumerate(shipment.pallets):
        yield packed("yarn", pallet, hours(begin + 40 + place), WORKS)
    yield moved("shipping", shipment, shipment.at, WORKS, MILL.gln, WEAVER.gln)


def _climate() -> Iterator[Event]:
    """The air of the spinning hall, every day."""
    for day in range(30):
        values = ("RelativeHumidity", 58 + day * 5 % 9, "P1"), ("Temperature", 24 + day * 3 % 5, "CEL")
        yield measured(f"mill air {day}", hours(24 * day + 7), WORKS, "sensor_reporting", 2, *values)
