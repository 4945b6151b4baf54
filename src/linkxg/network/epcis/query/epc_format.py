"""The notation of identifiers in answers, which the header GS1-EPC-Format chooses."""

from collections.abc import Callable
from typing import Any, Literal

from linkxg.network.epcis.documents.items import lenient_uri

EpcFormat = Literal["No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates"]
_EPCS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PARTIES = (("sourceList", "source"), ("destinationList", "destination"), ("bizTransactionList", "bizTransaction"))
Notation = Callable[[str], str]


def translator(wanted: EpcFormat) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """What changes the notation of an event; None where events are given back as they were captured."""
    notation = _NOTATIONS.get(wanted)
    return None if notation is None else lambda event: translate(event, notation)


def translate(event: dict[str, Any], notation: Notation) -> dict[str, Any]:
    """The event with its EPCs, classes, places and parties in another notation."""
    for name in _EPCS:
        if name in event:
            event[name] = list(map(notation, event[name]))
    for name in _QUANTITIES:
        for element in event.get(name, ()):
            element["epcClass"] = notation(element["epcClass"])
    if "parentID" in event:
        event["parentID"] = notation(event["parentID"])
    for name in ("readPoint", "bizLocation"):
        if name in event:
            event[name]["id"] = notation(event[name]["id"])
    for name, member in _PARTIES:
        for element in event.get(name, ()):
            element[member] = notation(element[member])
    return event


def as_digital_link(uri: str) -> str:
    """EPC URNs become Digital Links; every other URI stays as it is."""
    return lenient_uri(uri) if uri[:8].lower() == "urn:epc:" else uri


_NOTATIONS: dict[str, Notation] = {"Always_GS1_Digital_Link": as_digital_link}
