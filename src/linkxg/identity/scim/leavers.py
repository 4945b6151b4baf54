"""Whether a message says that a person has left, whatever else it says: their access ends even if the rest is refused.

It reads every form of `active` that the operations read, raises nothing, and takes time by the size of the message.
"""

from collections.abc import Iterator
from typing import Any

from linkxg.identity.scim.attributes import read_boolean
from linkxg.identity.scim.model import CORE_SCHEMA
from linkxg.identity.scim.scim_errors import InvalidValue

_NAMES = ("active", f"{CORE_SCHEMA.lower()}:active")


def is_leaver(body: dict[str, Any]) -> bool:
    """Of a whole resource."""
    return _last(_stated(body)) is False


def is_leaver_by(operations: list[Any]) -> bool:
    """Of a PATCH, whose last word on `active` counts."""
    return _last(stated for one in operations for stated in _stated_by(one)) is False


def _stated_by(operation: Any) -> Iterator[bool]:
    if not isinstance(operation, dict):
        return
    members = {name.lower(): member for name, member in operation.items()}
    path, value = members.get("path"), members.get("value")
    if not path:
        yield from _stated(value)
    elif isinstance(path, str):
        yield from _stated({path: value})


def _stated(value: Any) -> Iterator[bool]:
    for name, member in value.items() if isinstance(value, dict) else ():
        if name.lower() in _NAMES:
            try:
                yield read_boolean(member, "active")
            except InvalidValue:
                continue


def _last(stated: Iterator[bool]) -> bool | None:
    found = None
    for one in stated:
        found = one
    return found
