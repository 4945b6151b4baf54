"""Identifiers of an event in the form that a client asks for (EPCIS 2.0 §12, header `GS1-EPC-Format`).

Every EPC URN has a Digital Link. The way back needs the length of the company prefix, which nothing here knows: Digital
Links always stay. URIs of no GS1 key are never translated.
"""

from collections.abc import Callable
from typing import Any, Literal

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.identify import identify

EpcFormat = Literal["No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates"]

_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PARTIES = (("sourceList", "source"), ("destinationList", "destination"), ("bizTransactionList", "bizTransaction"))


def with_digital_links(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its EPC URNs as Digital Links; the given one is not changed."""
    return _map(event, to_digital_link)


def to_digital_link(uri: str) -> str:
    """The Digital Link of an EPC URN; any other URI as it is."""
    if uri[:8].lower() != "urn:epc:":
        return uri
    found = identify(uri)
    return uri if isinstance(found, NotAnIdentifier) else found.uri


def _map(event: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    changed = dict(event)
    for name in _LISTS:
        if name in event:
            changed[name] = [change(epc) for epc in event[name]]
    for name in _QUANTITIES:
        if name in event:
            changed[name] = [{**one, "epcClass": change(one["epcClass"])} for one in event[name]]
    for name, member in _PARTIES:
        if name in event:
            changed[name] = [{**one, member: change(one[member])} for one in event[name]]
    for name in ("readPoint", "bizLocation"):
        if name in event:
            changed[name] = {**event[name], "id": change(event[name]["id"])}
    if "parentID" in event:
        changed["parentID"] = change(event["parentID"])
    return changed
