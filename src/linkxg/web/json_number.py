"""Numbers of a JSON text that a double cannot hold (RFC 8259 §6, RFC 7493 §2.2).

Python reads `1e400` as infinity, which JSON cannot write, and `1e-400` as 0. Both are refused instead.
"""

import math

OUT_OF_RANGE = "A number is out of range."
_ZERO = frozenset("-0.")


class NumberOutOfRange(ValueError):
    """The number is beyond a double, or so small that it would become 0."""


def read_fraction(text: str) -> float:
    """A number with a fraction or an exponent, for `json.loads(parse_float=…)`. Raises NumberOutOfRange."""
    value = float(text)
    if math.isinf(value) or (value == 0 and not _is_zero(text)):
        raise NumberOutOfRange(OUT_OF_RANGE)
    return value


def _is_zero(text: str) -> bool:
    return _ZERO.issuperset(text.lower().partition("e")[0])
