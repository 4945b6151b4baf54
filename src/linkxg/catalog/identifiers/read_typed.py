"""Reads GTINs, GLNs and items as people type, paste or scan them: with spaces, as a Digital Link or element string."""

import re
from typing import NamedTuple

from linkxg.catalog.identifiers.check_digit import are_digits, is_checked
from linkxg.catalog.identifiers.digital_link import build_identifier, read_digital_link
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.identifiers.keys import KEYS, NotAnIdentifier

MAX_TYPED = 2_000

_GAPS = r"\s\u00ad\u2010-\u2015\u200b\u2060\u2212\ufeff-"
_SEPARATORS = re.compile(rf"[{_GAPS}]+")
_PADDED = ("000000", "00", "0")
_PARTY_KEYS = frozenset({"414", "417"})
# GS1 General Specifications §5.2: an AIM symbology identifier, which scanners send first, then element strings, which
# are printed with brackets. Without brackets only a single GTIN is read: no GTIN has 16 digits itself.
_BRACKETED = re.compile(r"(?:\][A-Za-z][0-9])?\(([0-9]{2,4})\)([0-9]+)(?:\([0-9]{2,4}\)[^()]+)*")
_SCANNED = re.compile(r"(?:\][A-Za-z][0-9])?01([0-9]{14})")
_ELEMENTS = re.compile(r"(?:\][A-Za-z][0-9])?((?:\([0-9]{2,4}\)[^()]+)+)")
_ELEMENT_PAIR = re.compile(r"\(([0-9]{2,4})\)([^()]+)")
# As a scanner types them. A value of variable length ends at FNC1, for
# which a form has a space, or with the text.
_UNBRACKETED = re.compile(r"(?:\][A-Za-z][0-9])?\s?(01[0-9]{14}|00[0-9]{18})((?:(?!00|01).{3,})?)")
_UNBRACKETED_PART = re.compile(r"(1[1-7])([0-9]{6})\s?|(20)([0-9]{2})\s?|(10|21|22|235)(\S+)\s?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_GROUPED = rf"(?P<gtin>[0-9][0-9{_GAPS}]*[0-9])[\s,;:/]+"
_WITH_WORD = re.compile(
    _GROUPED + r"(?:(?P<lot>lot|batch|charge)|(?:serial(?: number)?|s/?n))(?: no\.?)?[\s:#.]+(?P<number>\S+)",
    re.IGNORECASE,
)
_WITH_NUMBER = re.compile(_GROUPED + r"(?P<number>\S+)")
_KEY_LENGTHS, _SSCC_LENGTH, _SHORTEST_GTIN = (8, 12, 13, 14, 18), 18, 8


class TypedItem(NamedTuple):
    """`uris` are Digital Links, or a URI as it was typed.

    Two of a GTIN with a `number` that may be a lot or a serial. `gtin` has the digits of one without either.
    """

    uris: tuple[str, ...]
    gtin: str = ""
    number: str = ""


def typed_item(text: str) -> TypedItem | None:
    """A URI, an element string, an SSCC, or a GTIN, alone or with a lot or serial; None for other text.

    Raises NotAnIdentifier for what is meant as one of them, but is not valid.
    """
    text = text.strip()
    if len(text) > MAX_TYPED:
        raise NotAnIdentifier(f"An identifier has at most {MAX_TYPED:,} characters.")
    if _URI.fullmatch(text):
        return TypedItem((text,))
    if "://" in text or text.lower().startswith("urn:"):
        raise NotAnIdentifier("A URI has no spaces; percent-encode them.")
    if elements := _ELEMENTS.fullmatch(text):
        return TypedItem((_uri_of_elements(_ELEMENT_PAIR.findall(elements[1])),))
    if pairs := _unbracketed(text):
        return TypedItem((_uri_of_elements(pairs),))
    if found := _WITH_WORD.fullmatch(text):
        gtin14 = _gtin14(_SEPARATORS.sub("", found["gtin"]))
        return TypedItem((_uri_of_gtin(gtin14, "10" if found["lot"] else "21", found["number"]),))
    return _typed_digits(text)


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


def _unbracketed(text: str) -> list[tuple[str, str]]:
    """The elements of an element string without brackets; none if it is not wholly one, or its check digit is wrong."""
    found = _UNBRACKETED.fullmatch(text)
    if found is None or not is_checked(found[1][2:]):
        return []
    pairs, at = [(found[1][:2], found[1][2:])], 0
    while at < len(found[2]):
        part = _UNBRACKETED_PART.match(found[2], at)
        if part is None:
            return []
        ai, value = (one for one in part.groups() if one is not None)
        pairs.append((ai, value))
        at = part.end()
    return pairs


def _linked(text: str, keys: frozenset[str]) -> str | None:
    """The value of a Digital Link, if its key is one of these."""
    if "://" not in text:
        return None
    try:
        found = read_digital_link(text.strip())
    except NotAnIdentifier:
        return None
    return found.value if found.key.ai in keys else None


def _uri_of_elements(pairs: list[tuple[str, str]]) -> str:
    """The key with its qualifiers, in their order; other elements, such as an expiry date, identify nothing."""
    ai, value = pairs[0]
    if ai not in KEYS:
        raise NotAnIdentifier(f"An element string begins with a GS1 key, such as (01) or (00), not with ({ai}).")
    order = KEYS[ai].qualifiers
    found = sorted((order.index(name), name, text.strip()) for name, text in pairs[1:] if name in order)
    return build_identifier(ai, value.strip(), tuple((name, text) for _, name, text in found)).uri


def _typed_digits(text: str) -> TypedItem | None:
    joined, found = _SEPARATORS.sub("", text), _WITH_NUMBER.fullmatch(text)
    if found:
        head = _SEPARATORS.sub("", found["gtin"])
        # The groups of digits of one key may begin with those of a shorter one.
        if _is_gtin(head) and (head == found["gtin"] or not _is_key(joined)):
            uris = tuple(_uri_of_gtin(head.rjust(14, "0"), ai, found["number"]) for ai in ("10", "21"))
            return TypedItem(uris, head, found["number"])
    if are_digits(joined):
        if len(joined) == _SSCC_LENGTH:
            return TypedItem((build_identifier("00", joined).uri,))
        return TypedItem((build_identifier("01", _gtin14(joined)).uri,), joined)
    if found and len(head) >= _SHORTEST_GTIN:
        _gtin14(head)
    return None


def _uri_of_gtin(gtin14: str, ai: str, number: str) -> str:
    return build_identifier("01", gtin14, ((ai, number),)).uri


def _gtin14(digits: str) -> str:
    try:
        return read_gtin(digits).digits14
    except NotAGtin as error:
        raise NotAnIdentifier(f"{digits} is not a valid GTIN. {error}") from None


def _is_gtin(digits: str) -> bool:
    return len(digits) < _SSCC_LENGTH and _is_key(digits)


def _is_key(digits: str) -> bool:
    return len(digits) in _KEY_LENGTHS and are_digits(digits) and is_checked(digits)
