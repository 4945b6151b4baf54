"""Reads the path of a GS1 Digital Link below an account (URI Syntax 1.7.0): numeric names, GTINs of 14 digits."""

from typing import NamedTuple

from linkxg.catalog.identifiers.digital_link import MAX_LENGTH, build_identifier, decode_segment
from linkxg.catalog.identifiers.keys import NotAnIdentifier

_GTIN_DIGITS = 14


class RequestedLink(NamedTuple):
    """What a link identifies; `levels` are the paths of it and of what it belongs to, from the requested one up."""

    gtin14: str
    lot: str
    serial: str
    levels: tuple[str, ...]


def read_link_path(raw_path: str) -> RequestedLink:
    """The link of a path that is still percent-encoded: `/SLUG/01/…`. Raises NotAnIdentifier."""
    if len(raw_path) > MAX_LENGTH:
        raise NotAnIdentifier(f"A link must have at most {MAX_LENGTH} characters.")
    # Split before decoding: a percent-encoded slash belongs to the value.
    _, slug, *segments = raw_path.removesuffix("/").split("/")
    if len(segments) % 2:
        raise NotAnIdentifier("Each application identifier is followed by its value.")
    names, values = segments[::2], [decode_segment(value) for value in segments[1::2]]
    if len(values[0]) != _GTIN_DIGITS:
        raise NotAnIdentifier("A GTIN in a link has 14 digits.")
    pairs = tuple(zip(names[1:], values[1:], strict=True))
    found = build_identifier("01", values[0], pairs)
    levels = tuple("/".join(("", slug, *segments[:end])) for end in range(len(segments), 0, -2))
    return RequestedLink(found.value, found.get("10") or "", found.get("21") or "", levels)
