"""Does a GS1 key end in the right digit?

GS1 General Specifications §7.9.1: the digits, weighted 1 and 3 alternately from the right, the check digit included,
add up to a multiple of ten. Lists of a thousand are checked in one request, so a check is a few calls into C: every
digit once, and those of weight 3 twice more.
"""

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


def are_digits(text: str) -> bool:
    """Whether `text` is ASCII digits and nothing else; other scripts have digits too."""
    return text.isascii() and text.isdigit()
