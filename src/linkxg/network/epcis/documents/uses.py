"""The items of an event and their roles."""

from typing import Any

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.identify import identify
from linkxg.network.epcis.documents.items import read_class, read_item
from linkxg.network.epcis.documents.model import EventFault, Item, ItemRole, ItemUse, Level

_INSTANCE = Level.INSTANCE
_EPCS = {
    "epcList": ItemRole.OBSERVED,
    "childEPCs": ItemRole.CHILD,
    "inputEPCList": ItemRole.INPUT,
    "outputEPCList": ItemRole.OUTPUT,
}
_QUANTITIES = {
    "quantityList": ItemRole.OBSERVED,
    "childQuantityList": ItemRole.CHILD,
    "inputQuantityList": ItemRole.INPUT,
    "outputQuantityList": ItemRole.OUTPUT,
}


def read_uses(event: dict[str, Any], faults: list[EventFault]) -> tuple[ItemUse, ...]:
    """The items of an event that is valid by the schema; what is wrong with them is added to `faults`."""
    uses: list[ItemUse] = []
    parent = event.get("parentID")
    if parent is not None:
        _add_parent(uses, parent, faults)
    for name, role in _EPCS.items():
        epcs = event.get(name)
        if epcs:
            # One item may stand there in several notations.
            found: dict[str, ItemUse] = {}
            for place, epc in enumerate(epcs):
                item = identify(epc)
                if not isinstance(item, Item) or item.level is not _INSTANCE:
                    faults.append(EventFault(f"/{name}/{place}", "invalid_epc", _reason(epc)))
                else:
                    found[item.uri] = ItemUse(role, item)
            uses += found.values()
    for name, role in _QUANTITIES.items():
        for place, element in enumerate(event.get(name, ())):
            use = _quantity(element, role, f"/{name}/{place}", faults)
            if use is not None:
                uses.append(use)
    if parent is not None:
        _check_parent(uses, faults)
    return tuple(uses)


def _add_parent(uses: list[ItemUse], parent: str, faults: list[EventFault]) -> None:
    try:
        uses.append(ItemUse(ItemRole.PARENT, read_item(parent)))
    except NotAnIdentifier as error:
        faults.append(EventFault("/parentID", "invalid_epc", str(error)))


def _reason(epc: str) -> str:
    """Why it is no EPC."""
    try:
        read_item(epc)
    except NotAnIdentifier as error:
        return str(error)
    raise AssertionError(epc)


def _quantity(element: dict[str, Any], role: ItemRole, pointer: str, faults: list[EventFault]) -> ItemUse | None:
    quantity, uom = element.get("quantity"), element.get("uom")
    if quantity is not None:
        if quantity < 0:
            faults.append(EventFault(f"{pointer}/quantity", "negative", "A quantity cannot be negative."))
        elif uom is None and quantity != int(quantity):
            message = "Without uom a quantity counts things, so it must be a whole number."
            faults.append(EventFault(f"{pointer}/quantity", "fraction_without_unit", message))
    try:
        item = read_class(element["epcClass"])
        number = None if quantity is None else float(quantity)
    except NotAnIdentifier as error:
        faults.append(EventFault(f"{pointer}/epcClass", "invalid_class", str(error)))
    except OverflowError:
        faults.append(EventFault(f"{pointer}/quantity", "out_of_range", "The quantity is too large."))
    else:
        return ItemUse(role, item, True, number, uom)
    return None


def _check_parent(uses: list[ItemUse], faults: list[EventFault]) -> None:
    parent = next((use.item.uri for use in uses if use.role is ItemRole.PARENT), None)
    if parent is not None and any(use.role is ItemRole.CHILD and use.item.uri == parent for use in uses):
        faults.append(EventFault("/parentID", "own_child", "An object cannot be its own child."))
