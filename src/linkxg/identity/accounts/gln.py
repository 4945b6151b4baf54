"""The Global Location Number by which an account declares itself (GS1 General Specifications §3.4.2, §7.9.1)."""

import re

PATTERN = "^[0-9]{13}$"
_DIGITS = re.compile(PATTERN, re.ASCII)


def is_gln(text: str) -> bool:
    """Whether it has 13 digits, of which the last is the check digit."""
    if _DIGITS.fullmatch(text) is None:
        return False
    return sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(text)) % 10 == 0
