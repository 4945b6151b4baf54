"""The check digit of GS1 keys (GS1 General Specifications §7.9.1).

GS1 General Specifications §7.9.1: the digits, weighted 1 and 3 alternately from the right, the check digit included,
add up to a multiple of ten. Lists of a thousand are checked in one request, so a check is a few calls into C: every
digit once, and those of weight 3 twice more.
"""

from collections.abc import Sequence

# What the digits would add up to, were they all 0: their bytes are not.
_ZEROS = tuple(ord("0") * (length + 2 * (length // 2)) for length in range(32))


def check_digit(digits: str) -> int:
    """The check digit that follows `digits`, which are at most 30 ASCII digits."""
    raw = digits.encode("ascii") + b"0"
    return -(sum(raw) + 2 * sum(raw[-2::-2]) - _ZEROS[len(raw)]) % 10


def is_checked(digits: str) -> bool:
    """Whether the last of `digits`, which are at most 31 ASCII digits, is the right one."""
    raw = digits.encode("ascii")
    return not (sum(raw) + 2 * sum(raw[-2::-2]) - _ZEROS[len(raw)]) % 10


_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_IS_MULTIPLE = bytes(total % 10 == 0 for total in range(256))


def are_checked(digits14: Sequence[str]) -> list[bool]:
    """Which of these end in the right digit; each has exactly 14 ASCII digits.

    All at once: the digits at one place, a byte each, are one large number, and what a place of the sum can come to
    (14 nines, weighted: 252) fits in its byte.
    """
    raw = "".join(digits14).encode("ascii").translate(_VALUES)
    total = sum(int.from_bytes(raw[place::14]) * (1 if place % 2 else 3) for place in range(14))
    return [bool(fits) for fits in total.to_bytes(len(digits14)).translate(_IS_MULTIPLE)]


def are_digits(text: str) -> bool:
    """Whether `text` is ASCII digits and nothing else; other scripts have digits too."""
    return text.isascii() and text.isdigit()
