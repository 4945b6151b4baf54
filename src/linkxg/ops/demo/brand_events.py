"""The brand: fabric is received and sewn into garments, which are packed into cases, shipped to the shop and sold."""

from collections.abc import Iterator, Sequence
from typing import Any

from linkxg.clock import DAY, HOUR, rfc3339
from linkxg.ops.demo.companies import BRAND, WEAVER
from linkxg.ops.demo.event_parts import (
    STEPS,
    Event,
    Shipment,
    Site,
    event,
    measured,
    moved,
    packed,
    quantity,
    serial_link,
    sscc_link,
)

WORKS = Site("9529000000212", "Acme Porto sewing works", "+00:00", "+01:00")
STORE = Site("9529000000229", "Acme Hamburg warehouse", "+01:00", "+02:00")
SHOP = Site("9529000000236", "Acme Berlin shop", "+01:00", "+02:00")
GARMENTS = ("9520000003012", "9520000003029", "9520000003036", "9520000003043")
_SEWN, _IN_CASE, _SOLD = 12, 4, 8
_CASES = _SEWN // _IN_CASE


def brand_events(received: Sequence[Shipment]) -> list[Event]:
    found: list[Event] = []
    for shipment in received:
        arrived = shipment.at + 48 * HOUR
        found.append(moved("receiving", shipment, arrived, WORKS, WEAVER.gln, BRAND.gln))
        for place, pallet in enumerate(shipment.pallets, 1):
            found.append(packed("fabric", pallet, arrived + place * HOUR, WORKS, out=True))
        found += _lot(shipment, arrived + 30 * HOUR)
    return [*found, *_climate(received[0].at)]


def garment(number: int, place: int) -> str:
    """One of the garments that are sewn of the fabric lot with this number."""
    return serial_link(GARMENTS[number % 4], _serial(number, place))


def serials(number: int) -> list[str]:
    """Of the garments of the fabric lot with this number."""
    return [str(_serial(number, place)) for place in range(1, _SEWN + 1)]


def _serial(number: int, place: int) -> int:
    return 1_000 * number + place


def _lot(shipment: Shipment, at: int) -> Iterator[Event]:
    """The garments of one lot of fabric, until most of them are sold."""
    number = shipment.number
    garments = [garment(number, place) for place in range(1, _SEWN + 1)]
    cases = [sscc_link(BRAND.gln, 10 * number + place) for place in range(_CASES)]
    pallet = sscc_link(BRAND.gln, 10 * number + 9)
    yield event(
        "TransformationEvent", f"sew {number}", at, WORKS, f"{STEPS}sewing",
        inputQuantityList=[quantity(shipment.lot, 30, "MTR")], outputEPCList=garments,
        ilmd={"cbvmda:lotNumber": f"G-{number:03d}"},
    )  # fmt: skip
    yield _seen(f"inspect garments {number}", at + 4 * HOUR, WORKS, "inspecting", garments, disposition="conformant")
    for place, case in enumerate(cases):
        contents = garments[place * _IN_CASE : (place + 1) * _IN_CASE]
        yield _boxed(f"case {number}", at + (6 + place) * HOUR, WORKS, case, contents)
    yield _boxed(f"pallet {number}", at + 10 * HOUR, WORKS, pallet, cases)
    yield _seen(f"ship garments {number}", at + 24 * HOUR, WORKS, "shipping", [pallet], disposition="in_transit")
    arrived = at + 96 * HOUR
    yield _seen(f"receive garments {number}", arrived, STORE, "receiving", [pallet], bizLocation=STORE.member)
    yield _boxed(f"pallet {number}", arrived + 2 * HOUR, STORE, pallet, cases, out=True)
    shelved = arrived + 48 * HOUR
    yield _seen(f"shop {number}", shelved, SHOP, "receiving", cases, bizLocation=SHOP.member)
    for place, case in enumerate(cases):
        contents = garments[place * _IN_CASE : (place + 1) * _IN_CASE]
        yield _boxed(f"case {number}", shelved + (1 + place) * HOUR, SHOP, case, contents, out=True)
    for place, one in enumerate(garments[:_SOLD]):
        at_till = _opening(shelved, place // 3) + (place * 3 + number) % 9 * HOUR
        sold = _sold(f"sell {number} {place}", at_till, one)
        yield sold
        if (number, place) == (1, 2):
            yield from _wrong_sale(sold, at_till, garments[_SOLD])


def _sold(name: str, at: int, garment: str) -> Event:
    return _seen(name, at, SHOP, "retail_selling", [garment], disposition="retail_sold")


def _wrong_sale(sold: Event, at: int, right: str) -> Iterator[Event]:
    """The label of another garment was scanned: the sale is declared wrong, and corrected by another event."""
    corrected = _sold("corrected sale", at, right)
    yield corrected
    declaration = {
        "declarationTime": rfc3339(at + 5 * HOUR),
        "reason": "incorrect_data",
        "correctiveEventIDs": [corrected["eventID"]],
    }
    yield sold | {"errorDeclaration": declaration}


def _opening(shelved: int, days: int) -> int:
    """When the shop opens so many days after the first day on which the garments are there."""
    return (shelved // DAY + 1 + days) * DAY + 9 * HOUR


def _seen(name: str, at: int, site: Site, step: str, epcs: list[str], **members: Any) -> Event:
    return event("ObjectEvent", name, at, site, step, action="OBSERVE", epcList=epcs, **members)


def _boxed(name: str, at: int, site: Site, parent: str, children: list[str], *, out: bool = False) -> Event:
    step, action = ("unpacking", "DELETE") if out else ("packing", "ADD")
    return event(
        "AggregationEvent", f"{step} {name} {parent}", at, site, step, action=action, parentID=parent,
        childEPCs=children,
    )  # fmt: skip


def _climate(begin: int) -> Iterator[Event]:
    """The air of the warehouse, twice a day."""
    for turn in range(60):
        values = ("RelativeHumidity", 45 + turn * 7 % 11, "P1"), ("Temperature", 17 + turn * 3 % 6, "CEL")
        yield measured(f"store air {turn}", begin + 12 * turn * HOUR, STORE, "sensor_reporting", 1, *values)
