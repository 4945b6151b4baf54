"""What a URI in an event identifies, in the normal form by which items are compared (CBV 2.0 §8.9).

EPC URNs and Digital Links of any host have one normal form: a Digital Link at id.gs1.org with the finest identification
alone, so without a lot where there is a serial. Every other URI is compared byte for byte.
"""

import re
from functools import lru_cache

from linkxg.catalog.identifiers.check_digit import check_digit, is_checked
from linkxg.catalog.identifiers.digital_link import RESOLVER, ParsedIdentifier, read_digital_link
from linkxg.catalog.identifiers.epc_urn import read_epc_urn
from linkxg.catalog.identifiers.keys import ALPHA, KEYS, NotAnIdentifier
from linkxg.network.epcis.documents.model import MAX_URI, Item, Level

_CACHED = 8_192
_GTINS = 1_024
_INSTANCE = Level.INSTANCE
_LONGEST_CACHED = 256
_SERIALS = ("21", "235")
# The keys that may identify one thing or all of a kind, and the length of the value without a serial.
_WITH_SERIAL = {"8003": 14, "253": 13, "255": 13}
# Most URIs in a large document; everything else takes the way through the parsers.
_SGTIN_LINK = re.compile(r"https://id\.gs1\.org/01/([0-9]{14})/21/([0-9A-Za-z_.\-]{1,20})")
_SGTIN_URN = re.compile(r"urn:epc:id:sgtin:([0-9]{6,12})\.([0-9])([0-9]{0,6})\.([0-9A-Za-z_.\-]{1,20})")
_SSCC_URN = re.compile(r"urn:epc:id:sscc:([0-9]{6,12})\.([0-9])([0-9]{4,10})")
# EPC schemes that identify no GS1 key (EPC Tag Data Standard §6.3).
_OTHER_SCHEMES = re.compile(r"urn:epc:(id|idpat|class):(gid|usdod|adi|bic|imovn):.+", re.IGNORECASE)


def identify(uri: str) -> Item | NotAnIdentifier:
    """The item, or why the URI is none; `NotAnIdentifier` is returned, so that it is cached as well."""
    if len(uri) <= _LONGEST_CACHED:
        return _cached(uri)
    if len(uri) > MAX_URI:
        return NotAnIdentifier(f"A URI must have at most {MAX_URI} characters.")
    return _identify(uri)


def _identify(uri: str) -> Item | NotAnIdentifier:
    try:
        if uri[:8].lower() == "urn:epc:":
            return _read_urn(uri)
        if (found := _SGTIN_LINK.fullmatch(uri)) and is_checked(found[1]):
            return Item(uri, _INSTANCE, found[1], None, found[2])
        return of_identifier(read_digital_link(uri)) if is_digital_link(uri) else Item(uri, _INSTANCE)
    except NotAnIdentifier as error:
        return error.with_traceback(None)


_cached = lru_cache(_CACHED)(_identify)


@lru_cache(_GTINS)
def _gtin14(digits: str) -> str:
    """With its check digit; a product has many serials."""
    return digits + str(check_digit(digits))


def is_digital_link(uri: str) -> bool:
    """Whether a web URI is meant as a Digital Link: its path ends in a GS1 key whose value has the right format.

    A company's own URIs (`https://example.com/01/invoice`) are none. At id.gs1.org nothing else is served.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return False
    host, slash, path = rest.partition("/")
    if host.lower() == "id.gs1.org":
        return True
    path = slash + re.split("[?#]", path, maxsplit=1)[0]
    names = path.removesuffix("/").split("/")[1:]
    for start in range(len(names) - 2, -1, -2):
        ai = ALPHA.get(names[start], names[start])
        if ai in KEYS:
            value = names[start + 1]
            return bool(KEYS[ai].format.fullmatch(value.rjust(14, "0") if ai == "01" else value.replace("%", "")))
    return False


def of_identifier(found: ParsedIdentifier) -> Item:
    """The item of a key with its qualifiers."""
    ai, value = found.key.ai, found.value
    names = dict(found.qualifiers)
    finest = next((name for name in (*_SERIALS, "254", "8011", "10") if name in names), None)
    uri = found._replace(qualifiers=((finest, names[finest]),) if finest else ()).uri
    if ai in ("01", "8006"):
        serial, lot = names.get("21") or names.get("235"), names.get("10")
        level = _INSTANCE if serial else Level.LOT if lot else Level.CLASS
        return Item(uri, level, value, lot, serial) if ai == "01" else Item(uri, level)
    if ai in _WITH_SERIAL and len(value) == _WITH_SERIAL[ai]:
        return Item(uri, Level.CLASS)
    return Item(uri, Level.CLASS if ai == "8010" and finest is None else _INSTANCE)


def _read_urn(uri: str) -> Item:
    if found := _SGTIN_URN.fullmatch(uri):
        prefix, indicator, reference, serial = found.groups()
        if len(prefix) + len(reference) == 12:
            gtin = _gtin14(indicator + prefix + reference)
            return Item(f"{RESOLVER}/01/{gtin}/21/{serial}", _INSTANCE, gtin, None, serial)
    if found := _SSCC_URN.fullmatch(uri):
        prefix, extension, reference = found.groups()
        if len(prefix) + len(reference) == 16:
            digits = extension + prefix + reference
            return Item(f"{RESOLVER}/00/{digits}{check_digit(digits)}", _INSTANCE)
    if other := _OTHER_SCHEMES.fullmatch(uri):
        return Item(uri, _INSTANCE if other[1].lower() == "id" else Level.CLASS)
    return of_identifier(read_epc_urn(uri))
