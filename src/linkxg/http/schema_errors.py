"""Lists every fault of a JSON value that is not of a type.

msgspec raises prose about the first fault. This walks the value and the type, so that each fault has a field, a code
and a message. The value itself is never repeated: it may be a secret.
"""

from collections.abc import Iterator
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Meta, UnsetType, inspect

FieldFault = dict[str, str]
"""`field`, `code` and `message`: an element of an error's `details`."""
MAX_FAULTS = 100
NOT_VALID = "This value is not valid."
TOO_LONG, TOO_SHORT = "Too long", "Too short"


def fault(field: str, message: str, code: str = "invalid") -> FieldFault:
    return {"field": field, "code": code, "message": message}


def shape_faults(value: Any, shape: Any, at: str = "") -> list[FieldFault]:
    """The faults of a value as a `shape`, at most 100; `at` is the prefix of field names."""
    return list(islice(_faults(value, shape, at.removesuffix(".")), MAX_FAULTS))


def unknown_member(shape: type[msgspec.Struct], at: str = "") -> FieldFault:
    """The fault of an object with an unknown member."""
    names = ", ".join(field.encode_name for field in msgspec.structs.fields(shape))
    return {"field": at.removesuffix("."), "code": "unknown_field", "message": f"Unknown field; accepted: {names}."}


def _faults(value: Any, shape: Any, at: str) -> Iterator[FieldFault]:
    kinds = [kind for kind in _kinds(shape) if kind is not UnsetType]
    try:
        msgspec.convert(value, Union[tuple(kinds)], strict=True)  # noqa: UP007  of a tuple
    except msgspec.ValidationError:
        within = list(islice(_within(value, kinds, at), MAX_FAULTS))
        yield from within or [{"field": at, "code": "invalid", "message": _says(value, kinds)}]


def _kinds(shape: Any) -> list[Any]:
    """The members of a union."""
    return list(get_args(shape)) if get_origin(shape) in (Union, UnionType) else [shape]


def _within(value: Any, kinds: list[Any], at: str) -> Iterator[FieldFault]:
    """The faults of the members of an object or a list of the right size."""
    if not isinstance(value, dict | list):
        return
    for kind in kinds:
        plain, *bounds = get_args(kind) if get_origin(kind) is Annotated else (kind,)
        if any(isinstance(one, Meta) and one.max_length is not None and len(value) > one.max_length for one in bounds):
            continue
        if isinstance(value, dict) and isinstance(plain, type) and issubclass(plain, msgspec.Struct):
            yield from _members(value, plain, at)
        elif isinstance(value, dict) and get_origin(plain) is dict:
            for member in value.values():
                # The name is input.
                yield from _faults(member, get_args(plain)[1], f"{at}[...]")
        elif isinstance(value, list) and get_origin(plain) is list:
            for place, member in enumerate(value):
                yield from _faults(member, get_args(plain)[0], f"{at}[{place}]")


def _members(value: dict[str, Any], kind: type[msgspec.Struct], at: str) -> Iterator[FieldFault]:
    fields = msgspec.structs.fields(kind)
    if kind.__struct_config__.forbid_unknown_fields and value.keys() - {field.encode_name for field in fields}:
        yield unknown_member(kind, at)
    for field in fields:
        name = field.encode_name
        path = f"{at}.{name}" if at else name
        if name in value:
            yield from _faults(value[name], field.type, path)
        elif field.required:
            yield {"field": path, "code": "missing", "message": f"The field {name} is missing."}


def _says(value: Any, kinds: list[Any]) -> str:
    """The message for the value as a whole."""
    found = [_plain(inspect.type_info(kind)) for kind in kinds if kind not in (None, NoneType)]
    match found[0]:
        case inspect.StrType(min_length=least, max_length=most) if isinstance(value, str) and (least or most):
            if most is not None and len(value) > most:
                return f"{TOO_LONG}: at most {most} characters."
            return f"{TOO_SHORT}: at least {least} characters."
        case inspect.StrType() if not isinstance(value, str):
            return "Must be a string."
        case inspect.BoolType():
            return "Must be true or false."
        case inspect.IntType(ge=least, le=most) | inspect.FloatType(ge=least, le=most):
            name = "number" if any(isinstance(one, inspect.FloatType) for one in found) else "whole number"
            return f"Must be a {name}{_between(least, most)}."
        case inspect.DateType():
            return "Must be a date such as 2026-02-28."
        case inspect.LiteralType(values=values):
            return f"Must be one of {', '.join(map(str, values))}."
        case inspect.ListType(max_length=most):
            return f"Must be a list{_between(None, most, ' elements')}."
        case inspect.DictType(max_length=most):
            return f"Must be an object{_between(None, most, ' members')}."
        case inspect.StructType():
            return "Must be an object."
    return NOT_VALID


def _plain(kind: Any) -> Any:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def _between(least: float | None, most: float | None, of: str = "") -> str:
    if most is None:
        return "" if least is None else f" of at least {least}"
    return f" of at most {most}{of}" if least is None else f" from {least} to {most}"
