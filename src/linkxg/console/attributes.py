"""How does a person write the attributes of a product?

One a line, `material: HDPE`. A value that reads as JSON is that value (`0.8`, `true`, `{"value": 14, "unit": "KGM"}`),
anything else is text; text that would read as JSON stands in quotes, and so does a name that holds a colon.
"""

from json import JSONDecodeError, JSONDecoder
from typing import Any

import msgspec

from linkxg.errors import ValidationFailed

_JSON = JSONDecoder()


def write_attributes(attributes: dict[str, Any]) -> str:
    """The lines of a text field."""
    return "\n".join(f"{_name(name)}: {_value(value)}" for name, value in attributes.items())


def read_attributes(text: str) -> dict[str, Any]:
    """Raises ValidationFailed for a line that is none, or a name that stands twice."""
    found: dict[str, Any] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, colon, value = _split(line.strip())
        if not colon or not name:
            raise _refusal(f"Line {number} is not of the form name: value.")
        if name in found:
            raise _refusal(f"Line {number} names {name[:60]} again.")
        found[name] = _read(value.strip())
    return found


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The merge patch that makes `after` of `before` (RFC 7396)."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        old = before.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            if inner := difference(old, value):
                patch[name] = inner
        elif name not in before or msgspec.json.encode(old) != msgspec.json.encode(value):
            patch[name] = value
    return patch


def _split(line: str) -> tuple[str, str, str]:
    if line.startswith('"'):
        try:
            name, end = _JSON.raw_decode(line)
        except JSONDecodeError:
            return "", "", ""
        rest = line[end:].lstrip()
        return str(name), rest[:1] if rest.startswith(":") else "", rest[1:]
    name, colon, value = line.partition(":")
    return name.strip(), colon, value


def _read(value: str) -> Any:
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _name(name: str) -> str:
    plain = name and name == name.strip() and ":" not in name and not name.startswith('"') and _one_line(name)
    return name if plain else _json(name)


def _value(value: Any) -> str:
    if isinstance(value, str) and value == value.strip() and _one_line(value) and _read(value) is value:
        return value
    return _json(value)


def _one_line(text: str) -> bool:
    return text != "" and text.isprintable()


def _json(value: Any) -> str:
    # The one control character that JSON leaves as it is, and that no form may send.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _refusal(message: str) -> ValidationFailed:
    fault = {"field": "attributes", "code": "invalid", "message": message}
    return ValidationFailed("The field attributes is not valid.", details=[fault])
