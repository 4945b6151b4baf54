"""Reads the parameters of a query (EPCIS 2.0 §8.2.7.1), of an address or of a named query, which has the same ones.

A list in an address is separated by `|`, or its parameter is repeated; a comma is part of a value.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from linkxg.network.epcis.errors import ImplementationException, QueryParameterException
from linkxg.network.epcis.query import parameter_names as names
from linkxg.network.epcis.query.model import Condition, EventQuery, Refused
from linkxg.network.epcis.query.parameter_values import (
    BadValue,
    Prefixes,
    Values,
    read_choice,
    read_count,
    read_extension_name,
    shown,
)

MAX_PARAMETERS = 50
MAX_VALUES = 200
"""Of all parameters together."""
MAX_LENGTH = 2_000
"""Of one value."""
MAX_EVENTS = 100_000
"""Of `eventCountLimit` and `maxEventCount`."""
_OPTIONS = frozenset({"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"})
_TIMES = ("eventTime", "recordTime")


def read_query(given: Mapping[str, Sequence[Any]], prefixes: Prefixes) -> EventQuery | Refused:
    """The query of these parameters, each with its values: texts, or numbers and booleans of JSON.

    `prefixes` are those of the names of extensions.
    """
    if len(given) > MAX_PARAMETERS:
        return Refused("", f"A query may have at most {MAX_PARAMETERS} parameters.")
    if sum(map(len, given.values())) > MAX_VALUES:
        return Refused("", f"A query may have at most {MAX_VALUES} values.")
    conditions: list[Condition] = []
    for name, values in given.items():
        if name in _OPTIONS:
            continue
        try:
            found = _read(name, values, prefixes)
        except BadValue as error:
            return Refused(name, f"The parameter {shown(name)} {error}")
        if isinstance(found, Refused):
            return found
        conditions += found
    return _with_options(given, tuple(conditions), prefixes)


def _read(name: str, values: Values, prefixes: Prefixes) -> list[Condition] | Refused:
    if not name.startswith("EXISTS_") and (not values or any(value in ("", None) for value in values)):
        return Refused(name, f"The parameter {shown(name)} needs a value.")
    if any(isinstance(value, str) and len(value) > MAX_LENGTH for value in values):
        raise BadValue(f"has a value of more than {MAX_LENGTH} characters.")
    reader = names.find_reader(name, prefixes)
    if reader is None:
        return Refused(name, f"There is no parameter {shown(name)}.")
    if isinstance(reader, Refused):
        return reader
    return reader(values)


def _with_options(
    given: Mapping[str, Sequence[Any]], conditions: tuple[Condition, ...], prefixes: Prefixes
) -> EventQuery | Refused:
    query = EventQuery(conditions)
    name = ""
    try:
        for name in _OPTIONS & given.keys():
            query = _with_option(query, name, given[name], prefixes)
    except BadValue as error:
        return Refused(name, f"The parameter {shown(name)} {error}")
    if query.limit is not None and query.most is not None:
        return Refused("eventCountLimit", "eventCountLimit and maxEventCount cannot be combined.")
    if query.limit is not None and "orderBy" not in given:
        return Refused("eventCountLimit", "eventCountLimit requires orderBy.")
    return query


def _with_option(query: EventQuery, name: str, values: Values, prefixes: Prefixes) -> EventQuery:
    if name == "orderDirection":
        return query._replace(descending=read_choice(values, ("ASC", "DESC")) == "DESC")
    if name == "eventCountLimit":
        return query._replace(limit=read_count(values, MAX_EVENTS))
    if name == "maxEventCount":
        return query._replace(most=read_count(values, MAX_EVENTS))
    field = values[0] if len(values) == 1 and isinstance(values[0], str) else ""
    if field in _TIMES:
        return query._replace(order_by=field)
    return query._replace(
        order_by=read_extension_name(field, prefixes, "must be eventTime, recordTime or the name of an extension.")
    )


def query_or_error(found: EventQuery | Refused) -> EventQuery:
    """Raises QueryParameterException or ImplementationException."""
    if isinstance(found, EventQuery):
        return found
    if found.is_unsupported:
        raise ImplementationException(f"The parameter {shown(found.name)} is not supported.")
    raise QueryParameterException(found.message)
