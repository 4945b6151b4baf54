"""The GS1 keys, their formats and their qualifiers.

GS1 General Specifications §3 (application identifiers), GS1 Digital Link URI Syntax 1.7.0 §4.4 (keys and qualifiers).
"""

import re
from typing import NamedTuple

from linkxg.catalog.identifiers.check_digit import check_digit, is_checked

CHARSET_82 = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"
_CHARSET_39 = r"[#\-/0-9A-Z]"


class NotAnIdentifier(ValueError):
    """The message is for the caller; `expected` is the right check digit."""

    def __init__(self, message: str, expected: int | None = None) -> None:
        super().__init__(message)
        self.expected = expected


class Key(NamedTuple):
    """A primary key: its application identifier, name, alphabetic name and format.

    `checked` is the part of the value that ends in a check digit. The qualifiers of one of the `sequences` may follow,
    in this order; `qualifiers` are those of all sequences.
    """

    ai: str
    name: str
    alpha: str
    format: re.Pattern[str]
    checked: slice | None
    sequences: tuple[tuple[str, ...], ...] = ()
    qualifiers: tuple[str, ...] = ()


def _key(ai: str, name: str, alpha: str, format: str, checked: slice | None, sequences: str = "") -> Key:
    """`sequences` as the GS1 Syntax Dictionary writes them."""
    found = tuple(tuple(one.split(",")) for one in sequences.split("|") if one)
    return Key(ai, name, alpha, re.compile(format), checked, found, tuple(name for one in found for name in one))


_ALL = slice(None)
_THIRTEEN = slice(13)
KEYS = {
    key.ai: key
    for key in (
        _key("00", "SSCC", "sscc", "[0-9]{18}", _ALL),
        _key("01", "GTIN", "gtin", "[0-9]{14}", _ALL, "22,10,21|235"),
        _key("253", "GDTI", "gdti", rf"[0-9]{{13}}{CHARSET_82}{{0,17}}", _THIRTEEN),
        _key("255", "GCN", "gcn", "[0-9]{13,25}", _THIRTEEN),
        _key("401", "GINC", "ginc", rf"[0-9]{{4}}{CHARSET_82}{{0,26}}", None),
        _key("402", "GSIN", "gsin", "[0-9]{17}", _ALL),
        _key("414", "GLN", "gln", "[0-9]{13}", _ALL, "254|7040"),
        _key("417", "PGLN", "partyGln", "[0-9]{13}", _ALL, "7040"),
        _key("8003", "GRAI", "grai", rf"0[0-9]{{13}}{CHARSET_82}{{0,16}}", slice(14)),
        _key("8004", "GIAI", "giai", rf"[0-9]{{4}}{CHARSET_82}{{0,26}}", None, "7040"),
        _key("8006", "ITIP", "itip", "[0-9]{18}", slice(14), "22,10,21"),
        _key("8010", "CPID", "cpid", rf"[0-9]{{4}}{_CHARSET_39}{{0,26}}", None, "8011"),
        _key("8017", "GSRNP", "gsrnp", "[0-9]{18}", _ALL, "8019"),
        _key("8018", "GSRN", "gsrn", "[0-9]{18}", _ALL, "8019"),
    )
}
QUALIFIERS = {
    "10": re.compile(rf"{CHARSET_82}{{1,20}}"),
    "21": re.compile(rf"{CHARSET_82}{{1,20}}"),
    "22": re.compile(rf"{CHARSET_82}{{1,20}}"),
    "235": re.compile(rf"{CHARSET_82}{{1,28}}"),
    "254": re.compile(rf"{CHARSET_82}{{1,20}}"),
    "7040": re.compile(rf"[0-9]{CHARSET_82}{{3}}"),
    "8011": re.compile("[1-9][0-9]{0,11}|0"),
    "8019": re.compile("[0-9]{1,10}"),
}
ALPHA = {key.alpha: key.ai for key in KEYS.values()} | {
    "cpv": "22", "lot": "10", "ser": "21", "serial": "21", "tpx": "235", "glnx": "254", "cpsn": "8011", "srin": "8019",
}  # fmt: skip


def check_value(key: Key, value: str) -> None:
    """Raises NotAnIdentifier unless `value` is valid for the key."""
    if not key.format.fullmatch(value):
        raise NotAnIdentifier(f"This is not a valid {key.name}: its length or a character is wrong.")
    if key.checked is None:
        return
    digits = value[key.checked]
    if not is_checked(digits):
        expected = check_digit(digits[:-1])
        raise NotAnIdentifier(f"The check digit of the {key.name} is wrong; it should be {expected}.", expected)
