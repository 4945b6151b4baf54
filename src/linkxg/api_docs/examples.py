"""Examples of bodies, filled in from their schemas.

A struct declares realistic values of its members as `EXAMPLE`; those of members that many structs share are here.
Secrets are truncated, as in the guide, so that nobody can mistake them for real ones.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

import msgspec

_TIME = "2026-11-23T14:33:00.123Z"
_SECONDS = 1_795_444_380
_SHARED: dict[str, Any] = {
    "id": "01a20900-46b1-7977-8501-b67e3b66cab2",
    "name": "Acme GmbH",
    "email": "anna@example.com",
    "password": "correct horse battery staple",
    "role": "ADMIN",
    "scope": "products:read connections:read",
    "client_id": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e",
    "expires_at": None,
    "created_at": _SECONDS,
    "last_used_at": _SECONDS,
    "next_cursor": None,
    "nextCursor": None,
    "hasMore": False,
    "limit": 50,
    "disabled": False,
    "createdAt": _TIME,
    "updatedAt": _TIME,
    "lastUsedAt": _TIME,
    "expiresAt": _TIME,
    "source": "203.0.113.7",
    "requestId": "3f9c1b7a42d000000001",
}
_BY_FORMAT = {
    "date-time": _TIME,
    "email": "anna@example.com",
    "uri": "https://www.example.com/",
    "uuid": "01a20900-46b1-7977-8501-b67e3b66cab2",
}
# Members of which the schema says no more than that they are strings.
_IDS = re.compile(r".+Ids?|createdBy")
_TIMES = re.compile(r"at|.+(At|From)")
_BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None, "object": {}}


class Examples:
    """Examples of bodies of the types `kinds`; `components` are their schemas."""

    def __init__(self, kinds: Iterable[Any], components: Mapping[str, Any]) -> None:
        self._declared = {kind.__name__: getattr(kind, "EXAMPLE", {}) for kind in _structs(kinds)}
        self._components = components

    def of(self, schema: dict[str, Any], name: str = "", declared: Mapping[str, Any] | None = None) -> Any:
        """A value that the schema accepts; `name` is the member that it belongs to, `declared` are its own members."""
        if "$ref" in schema:
            referred = schema["$ref"].rpartition("/")[2]
            return self.of(self._components[referred], name, self._declared.get(referred))
        for word in ("const", "default"):
            if word in schema and name not in _SHARED:
                return schema[word]
        if "const" in schema:
            return schema["const"]
        if "properties" in schema:
            return self._members(schema["properties"], declared or {})
        kind = schema.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        if name in _SHARED and _fits(_SHARED[name], schema, kinds):
            return _SHARED[name]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema or "oneOf" in schema:
            return self.of((schema.get("anyOf") or schema["oneOf"])[0], name)
        if kinds[0] == "array":
            return [self.of(schema.get("items", {}), name)]
        if kinds[0] == "object" and isinstance(schema.get("additionalProperties"), dict):
            return {"name": self.of(schema["additionalProperties"])}
        if schema.get("format") in _BY_FORMAT:
            return _BY_FORMAT[schema["format"]]
        if kinds[0] == "string" and _IDS.fullmatch(name):
            return _BY_FORMAT["uuid"]
        if kinds[0] == "string" and _TIMES.fullmatch(name):
            return _TIME
        return _BY_TYPE.get(str(kinds[0]))

    def _members(self, members: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
        """One that is declared as UNSET is left out."""
        return {
            member: declared[member] if member in declared else self.of(schema, member)
            for member, schema in members.items()
            if declared.get(member) is not msgspec.UNSET
        }


def _structs(kinds: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """The structs that the types are made of, however deep."""
    found: set[type[msgspec.Struct]] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        struct = get_origin(kind) or kind
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct) and struct not in found:
            found.add(struct)
            waiting += [field.type for field in msgspec.structs.fields(struct)]
    return found


def _fits(value: Any, schema: dict[str, Any], kinds: list[Any]) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    names = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object", type(None): "null"}
    return names[type(value)] in kinds
