"""Reads GTINs and GLNs as people type, paste or scan them: with spaces, as a GS1 Digital Link or element string."""

import re

from linkxg.catalog.identifiers.check_digit import is_checked
from linkxg.catalog.identifiers.digital_link import read_digital_link
from linkxg.catalog.identifiers.keys import NotAnIdentifier

_SEPARATORS = re.compile(r"[\s\u00ad\u2010-\u2015\u200b\u2060\u2212\ufeff-]+")
_PADDED = ("000000", "00", "0")
_PARTY_KEYS = frozenset({"414", "417"})
# GS1 General Specifications §5.2: an AIM symbology identifier, which scanners send first, then element strings, which
# are printed with brackets. Without brackets only a single GTIN is read: no GTIN has 16 digits itself.
_BRACKETED = re.compile(r"(?:\][A-Za-z][0-9])?\(([0-9]{2,4})\)([0-9]+)(?:\([0-9]{2,4}\)[^()]+)*")
_SCANNED = re.compile(r"(?:\][A-Za-z][0-9])?01([0-9]{14})")


def typed_gtin(text: str) -> str:
    """The digits; the text itself, without outer spaces, where it has no GTIN."""
    value = _linked(text, frozenset({"01"})) or _element(text, frozenset({"01"})) or _scanned(text)
    if value is None:
        return _digits(text)
    # Both always have 14 digits; leading zeros show that a shorter GTIN was padded.
    return value.removeprefix(next((zeros for zeros in _PADDED if value.startswith(zeros)), ""))


def typed_gln(text: str) -> str:
    """The digits; the text itself, without outer spaces, where it has no GLN."""
    value = _linked(text, _PARTY_KEYS) or _element(text, _PARTY_KEYS)
    return _digits(text) if value is None else value


def _digits(text: str) -> str:
    joined = _SEPARATORS.sub("", text)
    return joined if joined.isascii() and joined.isdigit() else text.strip()


def _element(text: str, keys: frozenset[str]) -> str | None:
    """The first value of an element string such as (01)09520000002176(10)ABC, if its key is one of these."""
    found = _BRACKETED.fullmatch(_SEPARATORS.sub("", text))
    return found[2] if found and found[1] in keys and len(found[2]) == (14 if found[1] == "01" else 13) else None


def _scanned(text: str) -> str | None:
    """The GTIN of an element string without brackets, if its check digit is right."""
    found = _SCANNED.fullmatch(_SEPARATORS.sub("", text))
    return found[1] if found and is_checked(found[1]) else None


def _linked(text: str, keys: frozenset[str]) -> str | None:
    """The value of a Digital Link, if its key is one of these."""
    if "://" not in text:
        return None
    try:
        found = read_digital_link(text.strip())
    except NotAnIdentifier:
        return None
    return found.value if found.key.ai in keys else None
