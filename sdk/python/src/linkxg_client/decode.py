"""Reads the JSON of an answer into dataclasses. Members that a class does not have are ignored: the API may grow."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from linkxg_client.errors import UnexpectedAnswer

T = TypeVar("T")
Decoder = Callable[[Any], Any]
_classes: dict[type[Any], Decoder] = {}


def decode(kind: type[T], value: object) -> T:
    """The value as an instance of the dataclass. Raises UnexpectedAnswer if a member is missing or of another type."""
    try:
        return cast("T", _of_class(kind)(value))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fault = f"{type(error).__name__}: {error}"
    raise UnexpectedAnswer(f"The answer is no {kind.__name__} ({fault}).")


def _of_class(kind: type[Any]) -> Decoder:
    found = _classes.get(kind)
    if found is None:
        found = _classes[kind] = _compile(kind)
    return found


def _compile(kind: type[Any]) -> Decoder:
    hints = get_type_hints(kind)
    members = [
        (each.name, each.metadata.get("name", camel(each.name)), _of_type(hints[each.name]),
         each.default is not MISSING or each.default_factory is not MISSING)
        for each in fields(kind)
    ]  # fmt: skip

    def read(value: Any) -> Any:
        found: dict[str, Any] = {}
        for name, member, decoder, is_optional in members:
            if member in value:
                found[name] = decoder(value[member])
            elif not is_optional:
                raise KeyError(member)
        return kind(**found)

    return read


def _of_type(kind: Any) -> Decoder:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = _of_type(next(each for each in arguments if each is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is list:
        item = _of_type(arguments[0])
        return lambda value: [item(each) for each in value]
    if kind is datetime:
        return datetime.fromisoformat
    if isinstance(kind, type) and is_dataclass(kind):
        return _of_class(kind)
    if kind in (str, int, bool):
        return _exactly(kind)
    if kind is float:
        return float
    return _as_it_is


def _exactly(kind: type) -> Decoder:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{type(value).__name__} instead of {kind.__name__}")
        return value

    return read


def _as_it_is(value: Any) -> Any:
    return value


def camel(name: str) -> str:
    """The name of a member in JSON: `updatedAt` for `updated_at`."""
    first, *rest = name.split("_")
    return first + "".join(each.title() for each in rest)
