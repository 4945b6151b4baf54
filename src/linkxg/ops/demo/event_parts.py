"""The parts of the demo's events: places, identifiers and events of EPCIS 2.0 as JSON. The same at every start."""

from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.clock import HOUR, rfc3339

Event = dict[str, Any]
START = 1_772_431_200_000
"""2 March 2026, 06:00 UTC."""
STEPS = "https://ns.textile.example/bizstep/"
"""The business steps of a mill that the standard has no word for."""
_COMPANY_DIGITS = 7


_SUMMER_TIME = 1_774_746_000_000
"""29 March 2026, 01:00 UTC, when clocks in the European Union are put forward."""


class Site(NamedTuple):
    """The offsets of its clocks, in winter and in summer."""

    gln: str
    name: str
    winter: str
    summer: str

    @property
    def member(self) -> dict[str, str]:
        """As `readPoint` or `bizLocation`."""
        return {"id": f"https://id.gs1.org/414/{self.gln}", "cbvmda:name": self.name}


class Pallet(NamedTuple):
    """A logistic unit with so much of one lot, or with the objects of `contents`."""

    sscc: str
    item: str
    quantity: float
    uom: str


class Shipment(NamedTuple):
    """`at` is when it is sent, in milliseconds; `lot` is what its pallets contain."""

    number: int
    lot: str
    pallets: tuple[Pallet, ...]
    at: int


def lot_urn(gtin13: str, lot: str) -> str:
    """The EPC URN of a lot, as mills write it."""
    return f"urn:epc:class:lgtin:{gtin13[:_COMPANY_DIGITS]}.0{gtin13[_COMPANY_DIGITS:12]}.{lot}"


def lot_link(gtin13: str, lot: str) -> str:
    return f"https://id.gs1.org/01/0{gtin13}/10/{lot}"


def serial_link(gtin13: str, serial: int) -> str:
    return f"https://id.gs1.org/01/0{gtin13}/21/{serial}"


def sscc_link(company: str, number: int) -> str:
    # The companies have one GS1 prefix between them; the rest of their GLN keeps their numbers apart.
    digits = f"3{company[:12]}{number:04d}"
    return f"https://id.gs1.org/00/{digits}{check_digit(digits)}"


def party(gln: str) -> str:
    return f"https://id.gs1.org/417/{gln}"


def quantity(item: str, amount: float, uom: str) -> dict[str, Any]:
    return {"epcClass": item, "quantity": amount, "uom": uom}


def hours(count: float) -> int:
    """The time so many hours after the start."""
    return START + round(count * HOUR)


def event(type: str, name: str, at: int, site: Site, step: str, **members: Any) -> Event:
    """`name` is unique in the chain: the id of the event is derived from it."""
    return {
        "type": type,
        "eventID": f"urn:uuid:{uuid5(NAMESPACE_URL, f'https://linkxg.example/demo/{name}')}",
        "eventTime": rfc3339(at),
        "eventTimeZoneOffset": site.winter if at < _SUMMER_TIME else site.summer,
        "bizStep": step,
        "readPoint": site.member,
        **members,
    }


def moved(way: str, shipment: Shipment, at: int, site: Site, sender: str, receiver: str) -> Event:
    """The shipping or receiving of a shipment, between the parties with these GLNs."""
    parties = (("source", sender), ("destination", receiver))
    return event(
        "ObjectEvent",
        f"{way} {sender} {shipment.number}",
        at,
        site,
        way,
        action="OBSERVE",
        disposition="in_transit" if way == "shipping" else "in_progress",
        epcList=[pallet.sscc for pallet in shipment.pallets],
        bizTransactionList=[
            {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:{sender}:DA-{shipment.number:04d}"}
        ],
        **{f"{kind}List": [{"type": "owning_party", kind: party(gln)}] for kind, gln in parties},
    )


def packed(name: str, pallet: Pallet, at: int, site: Site, *, out: bool = False) -> Event:
    """A lot is put onto a pallet, or with `out` taken from it."""
    return event(
        "AggregationEvent",
        f"{'unpack' if out else 'pack'} {name} {pallet.sscc}",
        at,
        site,
        "unpacking" if out else "packing",
        action="DELETE" if out else "ADD",
        parentID=pallet.sscc,
        childQuantityList=[quantity(pallet.item, pallet.quantity, pallet.uom)],
    )


def measured(
    name: str, at: int, site: Site, step: str, device: int, *reports: tuple[str, float, str], **of: Any
) -> Event:
    """What a sensor at the place reported as (type, value, unit), about the items in `of` if there are any."""
    return event(
        "ObjectEvent",
        name,
        at,
        site,
        step,
        action="OBSERVE",
        sensorElementList=[
            {
                "sensorMetadata": {
                    "time": rfc3339(at),
                    "deviceID": f"https://id.gs1.org/8004/{site.gln[:7]}S{device:03d}",
                },
                "sensorReport": [{"type": kind, "value": value, "uom": uom} for kind, value, uom in reports],
            }
        ],
        **({"epcList": []} | of),
    )
