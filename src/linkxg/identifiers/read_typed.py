"""GTINs and GLNs as people type, paste or scan them: with spaces or hyphens, or as a GS1 Digital Link."""

import re

from linkxg.identifiers.digital_link import read_digital_link
from linkxg.identifiers.keys import NotAnIdentifier

_SEPARATORS = re.compile(r"[\s\u00ad\u2010-\u2015\u200b\u2060\u2212\ufeff-]+")
_PADDED = ("000000", "00", "0")
_OF_PARTY = frozenset({"414", "417"})


def typed_gtin(text: str) -> str:
    """The digits; the text itself, without outer spaces, where it has no GTIN."""
    value = _linked(text, frozenset({"01"}))
    if value is None:
        return _digits(text)
    # A Digital Link always has 14 digits. Which GTIN has been padded shows in the zeros.
    return value.removeprefix(next((zeros for zeros in _PADDED if value.startswith(zeros)), ""))


def typed_gln(text: str) -> str:
    """The digits; the text itself, without outer spaces, where it has no GLN."""
    value = _linked(text, _OF_PARTY)
    return _digits(text) if value is None else value


def _digits(text: str) -> str:
    joined = _SEPARATORS.sub("", text)
    return joined if joined.isascii() and joined.isdigit() else text.strip()


def _linked(text: str, keys: frozenset[str]) -> str | None:
    """The value of a Digital Link whose key is one of these."""
    if "://" not in text:
        return None
    try:
        found = read_digital_link(text.strip())
    except NotAnIdentifier:
        return None
    return found.value if found.key.ai in keys else None
