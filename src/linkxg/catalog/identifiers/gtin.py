"""Validates GTINs and pads them to 14 digits (GS1 General Specifications §7.9).

A GTIN has 8, 12, 13 or 14 digits, of which the last is the check digit. Padded with zeros it identifies the same
product, so GTINs are compared and stored with 14 digits.
"""

from typing import Literal, NamedTuple

from linkxg.catalog.identifiers.check_digit import check_digit, is_checked

Format = Literal["GTIN_8", "GTIN_12", "GTIN_13", "GTIN_14"]
FORMATS: dict[int, Format] = {8: "GTIN_8", 12: "GTIN_12", 13: "GTIN_13", 14: "GTIN_14"}
_RESTRICTED = ("02", "04", "2")
_RESTRICTED_8 = ("0", "2")


class NotAGtin(ValueError):
    """The message is for the caller; `expected` is the right check digit."""

    def __init__(self, message: str, expected: int | None = None) -> None:
        super().__init__(message)
        self.expected = expected


class Gtin(NamedTuple):
    """`digits14` is padded with zeros; `length` is the number of digits before that."""

    digits14: str
    length: int


def read_gtin(text: str) -> Gtin:
    """Raises NotAGtin."""
    length = len(text)
    if length not in FORMATS or not (text.isascii() and text.isdigit()):
        raise NotAGtin("A GTIN must have 8, 12, 13 or 14 digits and nothing else.")
    if not is_checked(text):
        expected = check_digit(text[:-1])
        raise NotAGtin(f"The check digit is wrong; it should be {expected}.", expected)
    return Gtin(text.rjust(14, "0"), length)


def is_restricted(gtin: Gtin) -> bool:
    """Whether it is restricted to one company or region (GS1 General Specifications §2.1.11, §3.2)."""
    if gtin.length == 8:
        return gtin.digits14[6:].startswith(_RESTRICTED_8)
    return gtin.digits14[1:].startswith(_RESTRICTED)
