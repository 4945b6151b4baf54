"""Identifiers of an event in the form that a client asks for (EPCIS 2.0 §12, header `GS1-EPC-Format`).

Every EPC URN has a Digital Link. The way back needs the length of the company prefix, which only GS1's list of prefixes
knows; where it is unknown, the Digital Link stays. URIs of no GS1 key are never translated.
"""

from collections.abc import Callable
from typing import Any, Literal, get_args

from linkxg.catalog.identifiers.digital_link import RESOLVER, ParsedIdentifier, read_digital_link
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.identify import identify

EpcFormat = Literal["No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates"]
EPC_FORMATS: tuple[str, ...] = get_args(EpcFormat)
PrefixLength = Callable[[str], int | None]
"""The length of the company prefix with which these digits begin; None if it is unknown."""

_SHORTEST, _LONGEST = 6, 12
# EPC Tag Data Standard §5.4.
_ESCAPES = {character: f"%{ord(character):02X}" for character in '%"#&/<>?'}
_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PARTIES = (("sourceList", "source"), ("destinationList", "destination"), ("bizTransactionList", "bizTransaction"))
_PLAIN = {"414": "sgln", "417": "pgln", "8017": "gsrnp", "8018": "gsrn", "402": "gsin"}
_ASSETS = {"253": "gdti", "255": "sgcn"}
_OPEN = {"8004": "giai", "401": "ginc", "8010": "cpi"}


def no_prefix_length(digits: str) -> int | None:
    """Knows no prefix."""
    return None


def translate(
    event: dict[str, Any], format: EpcFormat, prefix_length: PrefixLength = no_prefix_length
) -> dict[str, Any]:
    """The event with its identifiers in another form; the given one is not changed."""
    if format == "Always_GS1_Digital_Link":
        return _map(event, to_digital_link)
    if format == "Always_EPC_URN":
        return _map(event, lambda uri: to_urn(uri, prefix_length))
    return event


def to_digital_link(uri: str) -> str:
    """The Digital Link of an EPC URN; any other URI as it is."""
    if uri[:8].lower() != "urn:epc:":
        return uri
    found = identify(uri)
    return uri if isinstance(found, NotAnIdentifier) else found.uri


def to_urn(uri: str, prefix_length: PrefixLength) -> str:
    """The EPC URN of a Digital Link where the company prefix is known; any other URI as it is."""
    found = identify(uri)
    if isinstance(found, NotAnIdentifier) or not found.uri.startswith(RESOLVER):
        return uri
    parsed = read_digital_link(found.uri)
    digits = _company_digits(parsed)
    length = prefix_length(digits)
    if length is None or not _SHORTEST <= length <= min(_LONGEST, len(digits)):
        return uri
    return _build(parsed, length) or uri


def _company_digits(parsed: ParsedIdentifier) -> str:
    """The digits of the key from the company prefix on, without the check digit."""
    ai, value = parsed.key.ai, parsed.value
    if ai in ("01", "8006"):
        return value[1:13]
    if ai == "8003":
        return value[1:13]
    if ai == "00":
        return value[1:17]
    if ai in _ASSETS:
        return value[:12]
    if ai in _PLAIN:
        return value[:-1]
    # The reference of the other keys follows without a separator, and may have any characters.
    return value[: next((place for place, one in enumerate(value) if not one.isdigit()), len(value))]


def _build(parsed: ParsedIdentifier, length: int) -> str | None:
    ai, value, names = parsed.key.ai, parsed.value, dict(parsed.qualifiers)
    if ai in ("01", "8006"):
        trade = f"{value[1 : 1 + length]}.{value[0]}{value[1 + length : 13]}"
        return _trade_item(trade, names) if ai == "01" else _piece(trade, value[14:16], value[16:18], names)
    if ai == "00":
        return f"urn:epc:id:sscc:{value[1 : 1 + length]}.{value[0]}{value[1 + length : 17]}"
    if ai == "8003":
        return _with_serial("grai", f"{value[1 : 1 + length]}.{value[1 + length : 13]}", value[14:])
    if ai in _ASSETS:
        return _with_serial(_ASSETS[ai], f"{value[:length]}.{value[length:12]}", value[13:])
    if ai in _PLAIN:
        extension = f".{_escape(names.get('254', '0'))}" if ai == "414" else ""
        return f"urn:epc:id:{_PLAIN[ai]}:{value[:length]}.{value[length:-1]}{extension}"
    if not value[length:]:
        return None
    body = f"{value[:length]}.{_escape(value[length:])}"
    return _with_serial("cpi", body, names.get("8011", "")) if ai == "8010" else f"urn:epc:id:{_OPEN[ai]}:{body}"


def _trade_item(body: str, names: dict[str, str]) -> str:
    if "21" in names:
        return f"urn:epc:id:sgtin:{body}.{_escape(names['21'])}"
    if "235" in names:
        return f"urn:epc:id:upui:{body}.{_escape(names['235'])}"
    return f"urn:epc:class:lgtin:{body}.{_escape(names['10'])}" if "10" in names else f"urn:epc:idpat:sgtin:{body}.*"


def _piece(trade: str, piece: str, total: str, names: dict[str, str]) -> str | None:
    return None if "10" in names else _with_serial("itip", f"{trade}.{piece}.{total}", names.get("21", ""))


def _with_serial(scheme: str, body: str, serial: str) -> str:
    return f"urn:epc:id:{scheme}:{body}.{_escape(serial)}" if serial else f"urn:epc:idpat:{scheme}:{body}.*"


def _escape(value: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in value)


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
