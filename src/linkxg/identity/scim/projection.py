"""The attributes that a client asks for or leaves out (RFC 7644 §3.9)."""

from collections.abc import Iterable
from typing import Any

from linkxg.identity.scim.model import CORE_SCHEMA
from linkxg.identity.scim.scim_errors import ScimError

MAX_NAMES = 50
_ALWAYS = frozenset({"schemas", "id"})


def attribute_names(given: object) -> frozenset[str]:
    """The names of a list or a comma-separated text, in lower case without the URN of the core schema.

    Raises ScimError for more than `MAX_NAMES`: each is compared with each attribute of each person.
    """
    listed: Iterable[object] = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else ()
    names = (one.strip().lower().removeprefix(f"{CORE_SCHEMA.lower()}:") for one in listed if isinstance(one, str))
    found = frozenset(name for name in names if name)
    if len(found) > MAX_NAMES:
        raise ScimError(f"A request names at most {MAX_NAMES} attributes.")
    return found


def project(resource: dict[str, Any], wanted: frozenset[str], excluded: frozenset[str]) -> dict[str, Any]:
    """The resource with the wanted attributes alone, or without the excluded ones."""
    if not wanted and not excluded:
        return resource
    shown: dict[str, Any] = {}
    for name, value in resource.items():
        key = name.lower()
        if name in _ALWAYS:
            shown[name] = value
        elif wanted:
            parts = {one.partition(".")[2] for one in wanted if one.partition(".")[0] == key}
            if parts:
                shown[name] = value if "" in parts else _parts(value, keep=parts)
        elif key not in excluded:
            parts = {one.partition(".")[2] for one in excluded if one.startswith(f"{key}.")}
            shown[name] = _parts(value, leave_out=parts) if parts else value
    return shown


def _parts(value: Any, *, keep: set[str] | None = None, leave_out: set[str] | None = None) -> Any:
    if isinstance(value, list):
        return [_parts(one, keep=keep, leave_out=leave_out) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: part
        for name, part in value.items()
        if (keep is None or name.lower() in keep) and name.lower() not in (leave_out or ())
    }
