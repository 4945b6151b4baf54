"""Error messages for invalid parameters.

The router's messages have Python names and quote the input; a caller needs the parameter's name and its valid values.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin

from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, ParameterKwarg, QueryParameter
from litestar.typing import FieldDefinition

from linkxg.http.headers import IDEMPOTENCY_KEY


@cache
def query_names(route: BaseRouteHandler) -> frozenset[str]:
    """The query parameters of a route and of its dependencies."""
    declared = ((name, field.kwarg_definition) for name, field in parameter_fields(route).items())
    return frozenset(given.name or name for name, given in declared if isinstance(given, QueryParameter))


@cache
def parameter_fields(route: BaseRouteHandler) -> dict[str, FieldDefinition]:
    """The parameters of a route, and of its dependencies that declare parameters of the request themselves."""
    fields = dict(route.parsed_fn_signature.parameters)
    for name, provided in route.resolve_dependencies().items():
        if name in fields:
            fields = {**provided.parsed_fn_signature.parameters, **fields}
    return fields


@cache
def takes_idempotency_key(route: BaseRouteHandler) -> bool:
    """Whether the route takes an `Idempotency-Key`."""
    declared = (field.kwarg_definition for field in route.parsed_fn_signature.parameters.values())
    return any(isinstance(given, HeaderParameter) and given.name == IDEMPOTENCY_KEY for given in declared)


def parameter_error(error: ValidationException, fields: dict[str, FieldDefinition]) -> str:
    """The message for the first invalid field of `fields`, without its value."""
    extra = error.extra if isinstance(error.extra, list) else []
    wrong = next((name for item in extra if (name := str(item.get("key", "")).partition(".")[0]) in fields), None)
    if wrong is None:
        return "The request is malformed."
    if wrong == "data":
        return "A JSON body is required."
    field = fields[wrong]
    given = field.kwarg_definition
    assert isinstance(given, ParameterKwarg)
    kind = "header" if isinstance(given, HeaderParameter) else "parameter"
    return f"The {kind} {given.name or wrong} {_takes(field.annotation, given)}"


def _takes(annotation: Any, given: ParameterKwarg) -> str:
    words = list(_words(annotation))
    if words:
        return f"must be one of {', '.join(words)}."
    if annotation is bool:
        return "must be true or false."
    if given.ge is not None and given.le is not None:
        return f"must be a whole number from {given.ge} to {given.le}."
    if given.max_length is not None:
        return f"must have at most {given.max_length} characters."
    return "is missing or invalid."


def _words(annotation: Any) -> Iterator[str]:
    """The values of an optional or required Literal."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    else:
        for part in get_args(annotation):
            yield from _words(part)
