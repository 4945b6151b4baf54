"""Converts EPC URNs to GS1 Digital Links (EPC Tag Data Standard 2.1 §6.3; classes and patterns: CBV 2.0 §8.9).

A URN separates the company prefix by a dot and has no check digit, so every URN has a Digital Link; the conversion back
would need the length of the prefix.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.digital_link import ParsedIdentifier, build_identifier
from linkxg.catalog.identifiers.keys import NotAnIdentifier

MAX_LENGTH = 512
URN = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)", re.IGNORECASE)
ANY = "*"
PREFIX = re.compile("[0-9]{6,12}")
_DIGITS = re.compile("[0-9]*")
# TDS §5.4: these characters must be escaped in a URN, and no others may be.
_ESCAPED = re.compile(r"%(?:22|23|25|26|2F|3C|3E|3F)", re.IGNORECASE)
_MUST_BE_ESCAPED = re.compile(r"[\"#%&/<>?]")
Pairs = tuple[tuple[str, str], ...]


class Scheme(NamedTuple):
    """`digits` is the length of prefix and reference together; None where the reference may have other characters."""

    parts: int
    digits: int | None
    build: Callable[[str, str, list[str]], tuple[str, str, Pairs]]


def _with_check_digit(digits: str) -> str:
    return digits + str(check_digit(digits))


def _gtin(prefix: str, reference: str) -> str:
    # A GTIN begins with the indicator digit, with which the reference begins in a URN.
    return _with_check_digit(reference[:1] + prefix + reference[1:])


def _qualifier(ai: str, value: str) -> Pairs:
    return ((ai, value),) if value else ()


SCHEMES: dict[str, Scheme] = {
    "sgtin": Scheme(3, 13, lambda p, r, s: ("01", _gtin(p, r), _qualifier("21", s[0]))),
    "lgtin": Scheme(3, 13, lambda p, r, s: ("01", _gtin(p, r), (("10", s[0]),))),
    "upui": Scheme(3, 13, lambda p, r, s: ("01", _gtin(p, r), (("235", s[0]),))),
    "itip": Scheme(5, 13, lambda p, r, s: ("8006", _gtin(p, r) + s[0] + s[1], _qualifier("21", s[2]))),
    "sscc": Scheme(2, 17, lambda p, r, s: ("00", _gtin(p, r), ())),
    "sgln": Scheme(3, 12, lambda p, r, s: ("414", _with_check_digit(p + r), () if s[0] == "0" else (("254", s[0]),))),
    "pgln": Scheme(2, 12, lambda p, r, s: ("417", _with_check_digit(p + r), ())),
    "grai": Scheme(3, 12, lambda p, r, s: ("8003", "0" + _with_check_digit(p + r) + s[0], ())),
    "gdti": Scheme(3, 12, lambda p, r, s: ("253", _with_check_digit(p + r) + s[0], ())),
    "sgcn": Scheme(3, 12, lambda p, r, s: ("255", _with_check_digit(p + r) + s[0], ())),
    "gsrn": Scheme(2, 17, lambda p, r, s: ("8018", _with_check_digit(p + r), ())),
    "gsrnp": Scheme(2, 17, lambda p, r, s: ("8017", _with_check_digit(p + r), ())),
    "gsin": Scheme(2, 16, lambda p, r, s: ("402", _with_check_digit(p + r), ())),
    "giai": Scheme(2, None, lambda p, r, s: ("8004", p + r, ())),
    "ginc": Scheme(2, None, lambda p, r, s: ("401", p + r, ())),
    "cpi": Scheme(3, None, lambda p, r, s: ("8010", p + r, _qualifier("8011", s[0]))),
}
_CLASSES = {"lgtin"}
_PATTERNS = {"sgtin", "itip", "grai", "gdti", "sgcn", "cpi"}


def read_epc_urn(text: str) -> ParsedIdentifier:
    """Raises NotAnIdentifier. Only those patterns are accepted whose last part alone is `*`: they identify a class."""
    matched = URN.fullmatch(text) if len(text) <= MAX_LENGTH and text.isascii() and text.isprintable() else None
    if matched is None:
        raise NotAnIdentifier("An EPC URN looks like urn:epc:id:sgtin:4012345.098765.12345.")
    kind, name = matched[1].lower(), matched[2].lower()
    scheme = SCHEMES.get(name)
    if scheme is None or (kind == "class") != (name in _CLASSES) or (kind == "idpat" and name not in _PATTERNS):
        raise NotAnIdentifier(f"urn:epc:{kind}:{name} is not a scheme for a GS1 key.")
    # Only the last part, a serial, may contain dots.
    parts = matched[3].split(".", scheme.parts - 1)
    if len(parts) != scheme.parts:
        raise NotAnIdentifier(f"urn:epc:{kind}:{name} must have {scheme.parts} parts.")
    prefix, reference, *rest = (decode_part(part) for part in parts)
    if not PREFIX.fullmatch(prefix):
        raise NotAnIdentifier("A company prefix must have 6 to 12 digits.")
    if scheme.digits is not None and (
        len(prefix) + len(reference) != scheme.digits or not _DIGITS.fullmatch(reference)
    ):
        raise NotAnIdentifier(f"Company prefix and reference of {name} must have {scheme.digits} digits together.")
    if not all(rest) or (scheme.digits is None and not reference):
        raise NotAnIdentifier("A part is empty.")
    if kind == "idpat":
        if rest[-1] != ANY:
            raise NotAnIdentifier("Only a pattern whose last part is an asterisk identifies one class.")
        rest[-1] = ""
    return build_identifier(*scheme.build(prefix, reference, rest))


def decode_part(part: str) -> str:
    """Raises NotAnIdentifier unless exactly those characters are escaped that must be."""
    if _MUST_BE_ESCAPED.search(_ESCAPED.sub("", part)):
        raise NotAnIdentifier("A character is escaped but must not be, or must be escaped but is not.")
    return unquote_to_bytes(part).decode("ascii")
