"""The JSON Schemas of bodies, derived from their msgspec types.

msgspec reads and writes every body, and derives the schemas from the same types. They are made more exact in two ways:
an envelope is inlined where it is used, and an answer requires all its members, those with a default included. The
result is limited to what code generators understand: see `docs/decisions/0019-a-document-for-generators.md`.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from linkxg.api_docs.examples import Examples
from linkxg.http.route_declaration import Schema

PREFIX = "#/components/schemas/"
# In place of `{"type": "null"}`, on which openapi-generator fails.
NOTHING: Schema = {"type": ["object", "null"], "maxProperties": 0, "description": "Always null."}


class Schemas:
    """The schemas of a set of types: `of(type)` for an operation, and the `components` that it refers to."""

    def __init__(self, asked: Iterable[Any], answered: Iterable[Any]) -> None:
        asked, answered = tuple(asked), tuple(answered)
        types = {id(kind): kind for kind in (*asked, *answered)}
        answers = {id(kind) for kind in answered}
        found, components = msgspec.json.schema_components(types.values(), ref_template=PREFIX + "{name}")
        self._components = components
        self._roots = dict(zip(types, found, strict=True))
        for name in self._reached(self._roots[kind] for kind in answers):
            _complete(components[name])
        generic = {name for name, schema in components.items() if "[" in schema.get("title", "")}
        self._envelopes = {name: components[name] for name in generic}
        self.components = {
            name: self._tidy(schema) for name, schema in sorted(components.items()) if name not in generic
        }
        self._examples = Examples(types.values(), self.components)

    def of(self, kind: Any) -> Schema:
        """The schema of a type that was given to the constructor."""
        tidied: Schema = self._tidy(self._roots[id(kind)])
        return tidied

    def shown(self, schema: Schema, example: Schema | None = None) -> dict[str, Any]:
        """The schema with an example, in which members have the values of `example`."""
        return {"schema": schema, "example": self._examples.of(schema, declared=example)}

    def _reached(self, roots: Iterable[Any]) -> set[str]:
        """The names of all components that the schemas refer to, directly or not."""
        names: set[str] = set()
        waiting: list[Any] = list(roots)
        while waiting:
            part = waiting.pop()
            if isinstance(part, list):
                waiting += part
            elif isinstance(part, dict):
                reference = part.get("$ref")
                if reference is None:
                    waiting += part.values()
                elif (name := reference.removeprefix(PREFIX)) not in names:
                    names.add(name)
                    waiting.append(self._components[name])
        return names

    def _tidy(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._tidy(item) for item in part]
        if not isinstance(part, dict):
            return part
        envelope = self._envelopes.get(str(part.get("$ref", "")).removeprefix(PREFIX))
        if envelope is not None:
            return {**self._tidy(envelope), "title": _envelope_title(envelope["title"])}
        if "x-like" in part:
            # A stored body is written as it was validated, as the named component.
            return {"$ref": PREFIX + part["x-like"]}
        tidied = {name: self._tidy(member) for name, member in part.items()}
        if tidied == {"type": "null"}:
            return dict(NOTHING)
        if "enum" in tidied and "type" not in tidied:
            tidied = {"type": "string", **tidied}
        if tidied.get("required") == []:
            del tidied["required"]
        if "anyOf" in tidied:
            tidied = _without_null_option(tidied)
        return tidied


def _without_null_option(schema: Schema) -> Schema:
    """`X or null` in its short form: a list of types, without a branch for null."""
    options = [option for option in schema["anyOf"] if option != NOTHING]
    if len(options) == len(schema["anyOf"]):
        return schema
    if len(options) == 1 and isinstance(options[0].get("type"), str):
        rest = {name: member for name, member in schema.items() if name != "anyOf"}
        nullable = {**options[0], **rest, "type": [options[0]["type"], "null"]}
        if "enum" in nullable:
            nullable["enum"] = [*nullable["enum"], None]
        return nullable
    return {**schema, "anyOf": [*options, {"type": "null"}]}


def _envelope_title(generic: str) -> str:
    """The name of a generated class: `Page[Product]` → `ProductPage`, `Success[list[X]]` → `XListResponse`."""
    kind, _, inner = generic.partition("[")
    name = inner.removeprefix("list[").rstrip("]").rpartition(".")[2]
    return (
        ("Empty" if name == "NoneType" else name)
        + ("List" if inner.startswith("list[") else "")
        + ("Page" if kind == "Page" else "Response")
    )


def _complete(schema: Schema) -> None:
    """Require the members of an answer that have a default; `success` is always true."""
    members = schema.get("properties", {})
    required = set(schema.get("required", ()))
    required |= {name for name, member in members.items() if member.pop("default", required) is not required}
    if "success" in members:
        members["success"] = {"type": "boolean", "description": "Always true."}
    schema["required"] = [name for name in members if name in required]
