"""Is this a GTIN?

GS1 General Specifications §7.9: 8, 12, 13 or 14 digits, of which the last is the check digit: the digits before it,
weighted 3 and 1 alternately from the right, and the check digit add up to a multiple of ten. A shorter GTIN and the
same one padded with zeros name the same product, so what is compared and stored is the form of 14 digits.
"""

import re
from typing import Literal, NamedTuple

Format = Literal["GTIN_8", "GTIN_12", "GTIN_13", "GTIN_14"]
FORMATS: dict[int, Format] = {8: "GTIN_8", 12: "GTIN_12", 13: "GTIN_13", 14: "GTIN_14"}
_DIGITS = re.compile(r"[0-9]+")


class NotAGtin(ValueError):
    """The message says what is wrong."""


class Gtin(NamedTuple):
    """`digits14` is padded with zeros; `length` is that of the form in which it was given."""

    digits14: str
    length: int


def check_digit(digits: str) -> int:
    """The check digit that follows `digits`."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def read_gtin(text: str) -> Gtin:
    """Raises NotAGtin."""
    if len(text) not in FORMATS or not _DIGITS.fullmatch(text):
        raise NotAGtin("A GTIN has 8, 12, 13 or 14 digits and nothing else.")
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise NotAGtin(f"The check digit is wrong; these digits would end in {expected}.")
    return Gtin(text.rjust(14, "0"), len(text))
