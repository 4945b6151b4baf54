"""Reads and writes GS1 Digital Links exactly as the standard has them (GS1 Digital Link URI Syntax 1.7.0).

Numeric application identifiers, GTINs of 14 digits, and data attributes that are well formed. `digital_link` is for
what people and programs have, which is not always that.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote

from linkxg.catalog.identifiers.application_identifiers import (
    Element,
    check_element,
    has_predefined_length,
    is_application_identifier,
)
from linkxg.catalog.identifiers.digital_link import MAX_LENGTH, ParsedIdentifier, build_identifier, decode_segment
from linkxg.catalog.identifiers.keys import KEYS, NotAnIdentifier

_GTIN_DIGITS = 14
_URI = re.compile(
    r"(?:https?|HTTPS?)://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::[0-9]{1,5})?(/[^?#\s]*)(?:\?([^#\s]*))?(?:#\S*)?"
)
_UNSAFE = re.compile(r"[^!-~]|[\"<>\\^`{|}]")


class DigitalLink(NamedTuple):
    """What a link identifies, and what its query says besides: data attributes, and parameters that are none of GS1."""

    identifier: ParsedIdentifier
    attributes: tuple[Element, ...] = ()

    @property
    def path(self) -> str:
        return self.identifier.path

    @property
    def query(self) -> str:
        """Attributes of a predefined length come first, as in element strings."""
        ordered = sorted(self.attributes, key=lambda one: not has_predefined_length(one.name))
        return "&".join(f"{one.name}={quote(one.value, safe='')}" for one in ordered)


def read_link(uri: str) -> DigitalLink:
    """Raises NotAnIdentifier. The key is the last one in the path; what is before it does not matter."""
    found = _URI.fullmatch(uri) if len(uri) <= MAX_LENGTH and not _UNSAFE.search(uri) else None
    if found is None:
        raise NotAnIdentifier("A GS1 Digital Link is a URI that begins with https:// and a host.")
    segments = found[1].removesuffix("/").split("/")[1:]
    for start in range(len(segments) - 2, -1, -2):
        if segments[start] in KEYS:
            identifier = read_identifier(segments[start:])
            return DigitalLink(identifier, read_attributes(identifier, found[2] or ""))
    raise NotAnIdentifier("The path has no GS1 key, such as /01/ followed by a GTIN.")


def read_identifier(segments: Sequence[str]) -> ParsedIdentifier:
    """The key and its qualifiers, from the percent-encoded segments of a path. Raises NotAnIdentifier."""
    if not segments or len(segments) % 2:
        raise NotAnIdentifier("Each application identifier is followed by its value.")
    # A percent-encoded slash belongs to the value: decoding comes after splitting.
    (ai, value), *pairs = zip(segments[::2], map(decode_segment, segments[1::2]), strict=True)
    return _identifier(ai, value, tuple(pairs))


def read_attributes(identifier: ParsedIdentifier, query: str) -> tuple[Element, ...]:
    """The data attributes in a query; other parameters mean nothing here. Raises NotAnIdentifier."""
    pairs = (pair.partition("=") for pair in query.split("&"))
    # Here a plus is no space: no value has one.
    found = [Element(name, decode_segment(value) if "+" not in value else "") for name, _, value in pairs
             if is_application_identifier(name)]  # fmt: skip
    names = [identifier.key.ai, *(name for name, _ in identifier.qualifiers), *(one.name for one in found)]
    if len(names) != len(set(names)):
        raise NotAnIdentifier("An application identifier occurs twice.")
    for one in found:
        check_element(one)
    return tuple(found)


def link_of(elements: Iterable[Element]) -> DigitalLink:
    """The link of an element string: the first key, its qualifiers, the rest as attributes. Raises NotAnIdentifier."""
    values: dict[str, str] = {}
    for name, value in elements:
        if values.setdefault(name, value) != value:
            raise NotAnIdentifier(f"({name}) occurs twice, with different values.")
    ai = next((name for name in values if name in KEYS), None)
    if ai is None:
        raise NotAnIdentifier("There is no GS1 key, such as (01) with a GTIN.")
    order = KEYS[ai].qualifiers
    pairs = tuple((name, values[name]) for name in order if name in values)
    attributes = tuple(Element(name, value) for name, value in values.items() if name != ai and name not in order)
    for one in attributes:
        if is_application_identifier(one.name):
            check_element(one)
    return DigitalLink(_identifier(ai, values[ai], pairs), attributes)


def _identifier(ai: str, value: str, qualifiers: tuple[tuple[str, str], ...]) -> ParsedIdentifier:
    if ai not in KEYS:
        raise NotAnIdentifier("A link begins with a GS1 key, such as /01/ followed by a GTIN.")
    if ai == "01" and len(value) != _GTIN_DIGITS:
        raise NotAnIdentifier("A GTIN in a link has 14 digits.")
    return build_identifier(ai, value, qualifiers)
