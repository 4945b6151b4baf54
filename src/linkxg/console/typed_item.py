"""Reads which item somebody means, as they type, paste or scan it.

A GS1 Digital Link of any host, an EPC URN, an element string, an SSCC, or a GTIN with a lot or serial.
"""

import re
from typing import NamedTuple

from linkxg.catalog.identifiers.check_digit import is_checked
from linkxg.catalog.identifiers.digital_link import build_identifier
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.errors import InvalidRequest
from linkxg.network.traceability.model import MAX_URI
from linkxg.network.traceability.read_query import read_uri

_SEPARATORS = re.compile(r"[\s\u00ad\u2010-\u2015\u200b\u2060\u2212\ufeff-]+")
_ELEMENTS = re.compile(r"(?:\][A-Za-z][0-9])?((?:\([0-9]{2,4}\)[^()]+)+)")
_ELEMENT = re.compile(r"\(([0-9]{2,4})\)([^()]+)")
_WITH_WORD = re.compile(
    r"(?P<gtin>[0-9][0-9 -]*[0-9])[\s,;:/]+(?:(?P<lot>lot|batch|charge)|(?:serial(?: number)?|s/?n))"
    r"(?: no\.?)?[\s:#.]+(?P<value>\S+)",
    re.IGNORECASE,
)
_TWO_WORDS = re.compile(r"(?P<gtin>[0-9][0-9 -]{6,}[0-9])[\s,;:/]+(?P<value>\S+)")
# AIs that name an item and are no part of a Digital Link's path.
_QUALIFIERS = ("22", "10", "21")
_SSCC_DIGITS = 18
EXAMPLE = "09520000002176 lot L1"


class NotAnItem(Exception):
    """The message says how to go on; `choices` are inputs that may be meant."""

    def __init__(self, message: str, choices: tuple[str, ...] = (), gtin14: str | None = None) -> None:
        super().__init__(message)
        self.message, self.choices, self.gtin14 = message, choices, gtin14


class TypedItem(NamedTuple):
    """`uri` is the normal form. `gtin14` is set if it is a product without lot or serial."""

    uri: str
    gtin14: str | None = None


def read_typed_item(text: str) -> TypedItem:
    """Raises NotAnItem."""
    text = text.strip()
    if not text:
        raise NotAnItem("Enter the identifier of an item.")
    if len(text) > MAX_URI:
        raise NotAnItem(f"An identifier has at most {MAX_URI:,} characters.")
    try:
        if "://" in text or text.lower().startswith("urn:"):
            return TypedItem(read_uri(text, None, None, None))
        if elements := _ELEMENTS.fullmatch(text):
            return TypedItem(_read_elements(_ELEMENT.findall(elements[1])))
        return _read_words(text)
    except NotAnIdentifier as error:
        raise NotAnItem(str(error)) from None
    except InvalidRequest as error:
        raise NotAnItem(error.description.removeprefix("The parameter item is not valid. ")) from None


def _read_elements(elements: list[tuple[str, str]]) -> str:
    """As printed under a bar code, such as (01)09520000002176(10)ABC."""
    (key, value), *rest = elements
    found = {ai: text.strip() for ai, text in rest}
    qualifiers = tuple((ai, found[ai]) for ai in _QUALIFIERS if ai in found) if key == "01" else ()
    return build_identifier(key, value.strip(), qualifiers).uri


def _read_words(text: str) -> TypedItem:
    if found := _WITH_WORD.fullmatch(text):
        lot = found["value"] if found["lot"] else None
        return TypedItem(_read_gtin_with(found["gtin"], lot, None if lot else found["value"]))
    digits = _SEPARATORS.sub("", text)
    if digits.isascii() and digits.isdigit():
        if len(digits) == _SSCC_DIGITS and is_checked(digits):
            return TypedItem(build_identifier("00", digits).uri)
        gtin14 = _gtin14(digits)
        message = f"{digits} is a product, and a trace is of one lot or serial. Add it, as in “{EXAMPLE}”."
        raise NotAnItem(message, gtin14=gtin14)
    if found := _TWO_WORDS.fullmatch(text):
        gtin, value = _SEPARATORS.sub("", found["gtin"]), found["value"]
        _gtin14(gtin)
        raise NotAnItem(f"Is {value} a lot or a serial?", (f"{gtin} lot {value}", f"{gtin} serial {value}"))
    raise NotAnItem(
        f"This is no identifier that can be traced. Enter a GTIN with a lot or serial, such as “{EXAMPLE}”, "
        "a GS1 Digital Link, an EPC URN or an SSCC."
    )


def _read_gtin_with(gtin: str, lot: str | None, serial: str | None) -> str:
    return read_uri(None, _gtin14(_SEPARATORS.sub("", gtin)), lot, serial)


def _gtin14(digits: str) -> str:
    try:
        return read_gtin(digits).digits14
    except NotAGtin as error:
        raise NotAnItem(f"{digits} is not a valid GTIN. {error}") from None
