"""A JSON schema whose errors cost what the size of a document bounds.

The validator makes all errors before it gives the first one, each with a copy of what it is about: those of a document
of a quarter of a megabyte took many seconds and a gigabyte.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft7Validator, Draft202012Validator, ValidationError

MAX_PARTS = 100
"""Elements of all lists together, and unknown members of all objects, in which errors are looked for."""
_LEAST, _WORDS = 4, 20
"""Of each list, however many there are; lists of words that are not longer than that are kept whole."""
_Validator = Draft7Validator | Draft202012Validator


class BoundedSchema:
    def __init__(self, validator: _Validator, schema: dict[str, Any]) -> None:
        self._validator, self._names = validator, frozenset(_member_names(schema))

    def errors(self, document: Any) -> list[ValidationError]:
        """Those at the beginning of lists, or else the first one of the document; none only if it is valid."""
        if self._validator.is_valid(document):
            return []
        if found := list(self._validator.iter_errors(_Beginning(self._names).of(document))):
            return found
        try:
            self._validator.validate(document)
        except ValidationError as error:
            return [error]
        return []


class _Beginning:
    """Copies a document with the members that the schema names, some others, and the first elements of its lists."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._elements = self._members = MAX_PARTS

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.of(one) for name, one in value.items() if name in self._names or self._keeps_member()}
        if not isinstance(value, list) or (len(value) <= _WORDS and all(isinstance(one, str) for one in value)):
            return value
        kept = value[: max(_LEAST, self._elements)]
        self._elements = max(0, self._elements - len(kept))
        return [self.of(one) for one in kept]

    def _keeps_member(self) -> bool:
        self._members -= 1
        return self._members >= 0


def _member_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for one in schema.values():
            yield from _member_names(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _member_names(one)
