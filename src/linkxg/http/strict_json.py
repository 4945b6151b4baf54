"""The strict JSON reader: one for bodies, rows of imports and claims of tokens.

RFC 8259 in the profile of RFC 7493 (I-JSON): no member name twice, no NaN, no number that a double cannot hold, no lone
surrogate. In addition no control character, no integer of thousands of digits, and bounded depth.
"""

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 32
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Not allowed in texts; PostgreSQL rejects NUL."""
_DIGITS = 1_000
_ZERO = frozenset("-0.")


class NotStrictJson(ValueError):
    """The text is not strict JSON; the message is for its sender, and does not repeat the text."""


class NumberOutOfRange(NotStrictJson):
    """The number is beyond a double, or so small that it would become 0 (RFC 8259 §6, RFC 7493 §2.2)."""


def parse(text: str) -> Any:
    """The value of a JSON text. Raises NotStrictJson."""
    try:
        value = _DECODER.decode(text)
    except NotStrictJson:
        raise
    except (ValueError, RecursionError):
        raise NotStrictJson("It is not valid JSON.") from None
    # Without deep nesting and escapes, the decoder has checked everything but DEL.
    if "\\" in text or "\x7f" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        _check(value, 0)
    return value


def short(digits: str) -> str:
    """The digits of a number, which Python converts in quadratic time. Raises NotStrictJson for too many."""
    if len(digits) > _DIGITS:
        raise NotStrictJson("A number has too many digits.")
    return digits


def _integer(digits: str) -> int:
    return int(short(digits))


def _fraction(text: str) -> float:
    """Python reads `1e400` as infinity, which JSON cannot write, and `1e-400` as 0."""
    value = float(text)
    if math.isinf(value) or (value == 0 and not _ZERO.issuperset(text.lower().partition("e")[0])):
        raise NumberOutOfRange("A number is out of range.")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson("A member name is repeated.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise NotStrictJson("NaN and Infinity are not JSON.")


# `json.loads` with hooks would build a decoder for each text, which takes longer than to read a short one.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_no_constant, parse_int=_integer, parse_float=_fraction
)


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotStrictJson("It is nested too deeply.")
    if isinstance(value, str):
        if CONTROL.search(value) or not _is_encodable(value):
            raise NotStrictJson("A string contains a control character or a lone surrogate.")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check(name, depth + 1)
            _check(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth + 1)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
