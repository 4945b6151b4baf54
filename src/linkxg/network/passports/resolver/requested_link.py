"""Reads the link of a request (GS1 Digital Link URI Syntax 1.7.0), and decompresses it if it is compressed."""

import re
from typing import NamedTuple

from linkxg.catalog.identifiers.application_identifiers import Element
from linkxg.catalog.identifiers.compressed_link import decompress
from linkxg.catalog.identifiers.digital_link import MAX_LENGTH, ParsedIdentifier, decode_segment
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.catalog.identifiers.link_syntax import link_of, read_attributes, read_identifier

_PRINTABLE = re.compile(r"[!-~]*")


class RequestedLink(NamedTuple):
    """What a link identifies, and its query.

    `levels` are the paths of it and of what it belongs to, from the requested one up. `uncompressed` is the path with
    the query for which a compressed link stands, empty for other links.
    """

    identifier: ParsedIdentifier
    levels: tuple[str, ...]
    query: str
    uncompressed: str

    @property
    def lot(self) -> str:
        return self.identifier.get("10") or ""

    @property
    def serial(self) -> str:
        return self.identifier.get("21") or ""


def read_requested(raw_path: str, query: str, *, has_slug: bool = True) -> RequestedLink:
    """The link of a path and a query that are still percent-encoded. Raises NotAnIdentifier."""
    if len(raw_path) + len(query) > MAX_LENGTH:
        raise NotAnIdentifier(f"A link must have at most {MAX_LENGTH} characters.")
    if not _PRINTABLE.fullmatch(query):
        raise NotAnIdentifier("The query of a link must be ASCII; percent-encode other characters.")
    # Split before decoding: a percent-encoded slash belongs to the value.
    parts = raw_path.removesuffix("/").split("/")
    stem, segments = parts[: 1 + has_slug], parts[1 + has_slug :]
    uncompressed = ""
    if len(segments) % 2:
        path, compressed_query = _decompressed(segments)
        uncompressed = "/".join(stem) + path + (f"?{compressed_query}" if compressed_query else "")
        if len(uncompressed) > MAX_LENGTH:
            raise NotAnIdentifier(f"A link must have at most {MAX_LENGTH} characters.")
        segments, query = path.split("/")[1:], "&".join(filter(None, (compressed_query, query)))
    identifier = read_identifier(segments)
    read_attributes(identifier, query)
    levels = tuple("/".join((*stem, *segments[:end])) for end in range(len(segments), 0, -2))
    return RequestedLink(identifier, levels, query, uncompressed)


def _decompressed(segments: list[str]) -> tuple[str, str]:
    """(path, query) of a link whose last segment is compressed; the key may stand before it."""
    names, values = segments[:-1:2], segments[1:-1:2]
    elements = [Element(name, decode_segment(value)) for name, value in zip(names, values, strict=True)]
    try:
        rest = decompress(segments[-1])
    except NotAnIdentifier:
        if not elements:
            raise
        message = "Each application identifier is followed by its value, unless the rest of the link is compressed."
        raise NotAnIdentifier(message) from None
    link = link_of([*elements, *rest])
    return link.path, link.query
