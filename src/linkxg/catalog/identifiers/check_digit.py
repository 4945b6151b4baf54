"""The check digit of GS1 keys (GS1 General Specifications §7.9.1).

The digits, the check digit included, weighted 1 and 3 alternately from the right, add up to a multiple of ten. One
request may check a thousand identifiers, so a check is a few calls into C: all digits, plus twice those of weight 3.
"""

from collections.abc import Sequence

# By the number of digits, the sum for all zeros: the byte of the digit 0 is not 0.
_ZEROS = tuple(ord("0") * (length + 2 * (length // 2)) for length in range(32))


def check_digit(digits: str) -> int:
    """The check digit that follows `digits`, which are at most 30 ASCII digits."""
    raw = digits.encode("ascii") + b"0"
    return -(sum(raw) + 2 * sum(raw[-2::-2]) - _ZEROS[len(raw)]) % 10


def is_checked(digits: str) -> bool:
    """Whether the last of `digits`, which are at most 31 ASCII digits, is their check digit."""
    raw = digits.encode("ascii")
    return not (sum(raw) + 2 * sum(raw[-2::-2]) - _ZEROS[len(raw)]) % 10


_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
_IS_MULTIPLE = bytes(total % 10 == 0 for total in range(256))


def are_checked(digits14: Sequence[str]) -> list[bool]:
    """Which of these end in their check digit; each has exactly 14 ASCII digits.

    Vectorised: the digits at one position, a byte each, form one large integer, and the largest weighted sum of 14
    digits (252) fits into its byte.
    """
    raw = "".join(digits14).encode("ascii").translate(_VALUES)
    total = sum(int.from_bytes(raw[position::14]) * (1 if position % 2 else 3) for position in range(14))
    return [bool(valid) for valid in total.to_bytes(len(digits14)).translate(_IS_MULTIPLE)]


def are_digits(text: str) -> bool:
    """Whether `text` consists of ASCII digits; `str.isdigit` accepts those of other scripts too."""
    return text.isascii() and text.isdigit()
