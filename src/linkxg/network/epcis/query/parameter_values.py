"""Reads the values of parameters: texts of an address, or members of JSON."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.network.epcis.documents.contexts import Contexts
from linkxg.network.epcis.documents.items import item_patterns, lenient_uri
from linkxg.network.epcis.documents.times import NotATime, read_time
from linkxg.network.epcis.documents.values import field_name
from linkxg.network.epcis.documents.vocabulary import Vocabulary
from linkxg.network.epcis.query.model import Match

Prefixes = Mapping[str, str]
Values = Sequence[Any]
T = TypeVar("T")


class BadValue(ValueError):
    """What is wrong with the values of a parameter; the message follows its name."""


def read_texts(values: Values) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise BadValue("must be a text or a list of texts.")
    return tuple(dict.fromkeys(values))


def read_words(values: Values, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The bare form of words, in whatever form they are."""
    return tuple(dict.fromkeys(map(vocabulary.bare, read_texts(values))))


def read_uris(values: Values) -> tuple[str, ...]:
    """The normal form of URIs of GS1 keys, others byte for byte."""
    return tuple(dict.fromkeys(map(lenient_uri, read_texts(values))))


def read_choices(values: Values, choices: Sequence[str]) -> tuple[str, ...]:
    found = read_texts(values)
    if not set(found) <= set(choices):
        raise BadValue(f"must be one of {', '.join(choices)}.")
    return found


def read_choice(values: Values, choices: Sequence[str]) -> str:
    found = read_choices(values, choices)
    if len(found) != 1:
        raise BadValue(f"must be one of {', '.join(choices)}.")
    return found[0]


def read_patterns(values: Values) -> Match:
    """EPCs, classes and patterns of both."""
    try:
        found = [pattern for text in read_texts(values) for pattern in item_patterns(text)]
    except NotAnIdentifier as error:
        raise BadValue(f"has a value that is no EPC, class or pattern. {error}") from None
    exact = dict.fromkeys(one.exact for one in found if one.exact is not None)
    prefixes = dict.fromkeys(one.prefix for one in found if one.prefix is not None)
    return Match(tuple(exact), tuple(prefixes))


def read_numbers(values: Values) -> tuple[float, ...]:
    found = tuple(number for value in values if (number := number_of(value)) is not None)
    if len(found) != len(values) or not found:
        raise BadValue("must be a number.")
    return found


def read_number(values: Values) -> float:
    found = read_numbers(values)
    if len(found) != 1:
        raise BadValue("must be one number.")
    return found[0]


def number_of(value: Any) -> float | None:
    """A number, or a text that is one; None for others, and for what no float holds."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value) if isinstance(value, int | float) else float(_plain(value))
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and abs(found) < 1e300 else None


def _plain(text: str) -> str:
    """Python reads more than numbers of JSON."""
    if len(text) > 400 or not text.isascii() or not set(text) <= set("0123456789+-.eE"):
        raise ValueError
    return text


def read_milliseconds(values: Values) -> int:
    found = None if len(values) != 1 or not isinstance(values[0], str) else milliseconds_of(values[0])
    if found is None:
        raise BadValue("must be an RFC 3339 time such as 2026-11-23T14:33:00Z; write + as %2B.")
    return found


def milliseconds_of(text: str) -> int | None:
    if len(text) < 20 or len(text) > 40 or text[10] not in "Tt":
        return None
    try:
        return read_time(text)
    except NotATime:
        return None


def read_comparable(values: Values) -> float:
    """A number or a time, which is compared by its milliseconds."""
    if len(values) == 1:
        number = number_of(values[0])
        if number is not None:
            return number
        at = milliseconds_of(values[0]) if isinstance(values[0], str) else None
        if at is not None:
            return float(at)
    raise BadValue("must be a number or an RFC 3339 time.")


def read_boolean(values: Values) -> bool:
    if len(values) == 1:
        if values[0] in (True, "true"):
            return True
        if values[0] in (False, "false"):
            return False
    raise BadValue("must be true or false.")


def read_count(values: Values, most: int) -> int:
    found = number_of(values[0]) if len(values) == 1 else None
    if found is None or found != int(found) or not 1 <= found <= most:
        raise BadValue(f"must be a whole number from 1 to {most}.")
    return int(found)


def read_extension_name(name: str, prefixes: Prefixes, otherwise: str) -> str:
    """The name under which an extension field is indexed. Raises BadValue."""
    if "#" in name and name.partition(":")[0] not in prefixes:
        namespace, _, field = name.rpartition("#")
        if ":" in namespace and field:
            return field_name(namespace, field)
    expanded = Contexts(dict(prefixes)).expand(name) if ":" in name else None
    if expanded is None or not expanded[1]:
        raise BadValue(otherwise)
    return field_name(*expanded)


def shown(name: str) -> str:
    """The name as an error repeats it: it may be anything."""
    short = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\' else "?" for sign in name[:100])
    return short if len(name) <= 100 else short + "..."
