"""Strict JSON (RFC 8259): UTF-8 only, no name twice, no NaN, no number beyond what a token needs."""

import json
from typing import Any

_MAX_DIGITS = 17


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _refuse(text: str) -> None:
    raise ValueError(f"not JSON: {text}")


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer, parse_constant=_refuse)


def read_object(raw: bytes) -> dict[str, Any]:
    """Raises ValueError unless it is one JSON object."""
    try:
        text = raw.decode("utf-8", "strict")
        found = _decoder.decode(text)
        if "\\ud" in text or "\\uD" in text:
            # Half of a surrogate pair is no character.
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def is_integer(value: object) -> bool:
    """Whether it is an integer; in Python a boolean is one too."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: object, limit: int = 512) -> bool:
    return isinstance(value, str) and 0 < len(value) <= limit
