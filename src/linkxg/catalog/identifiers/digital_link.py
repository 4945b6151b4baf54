"""Parses GS1 Digital Links into their normal form (GS1 Digital Link URI Syntax 1.7.0).

Input: any resolver, any path before the key, alphabetic names, GTINs of any length, attributes in the query. Output:
`https://id.gs1.org`, numeric names, 14 digits, unreserved characters unescaped (RFC 3986 §2.3), no query, as CBV 2.0
§8.9.1 hashes it. Identifiers are compared and stored in that form.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

from linkxg.catalog.identifiers.check_digit import are_digits
from linkxg.catalog.identifiers.keys import ALPHA, KEYS, QUALIFIERS, Key, NotAnIdentifier, check_value

RESOLVER = "https://id.gs1.org"
MAX_LENGTH = 2_048
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SHORT_GTIN_LENGTHS = {8, 12, 13}


class ParsedIdentifier(NamedTuple):
    """A key with its value, and its qualifiers as (application identifier, value), in order."""

    key: Key
    value: str
    qualifiers: tuple[tuple[str, str], ...] = ()

    @property
    def uri(self) -> str:
        """The normal form."""
        return RESOLVER + self.path

    @property
    def path(self) -> str:
        """The normal form without its host."""
        pairs = ((self.key.ai, self.value), *self.qualifiers)
        return "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in pairs)

    def get(self, ai: str) -> str | None:
        """The value of one qualifier."""
        return dict(self.qualifiers).get(ai)


def build_identifier(ai: str, value: str, qualifiers: tuple[tuple[str, str], ...] = ()) -> ParsedIdentifier:
    """Raises NotAnIdentifier unless key and qualifiers are well formed and belong together in this order."""
    key = KEYS[ai]
    if ai == "01" and len(value) in _SHORT_GTIN_LENGTHS and are_digits(value):
        value = value.rjust(14, "0")
    check_value(key, value)
    for name, qualifier in qualifiers:
        if name not in key.qualifiers:
            raise NotAnIdentifier(f"({name}) is not allowed after a {key.name}.")
        if not QUALIFIERS[name].fullmatch(qualifier):
            raise NotAnIdentifier(
                f"The value of ({name}) is empty, too long or contains a character that is not allowed."
            )
    names = tuple(name for name, _ in qualifiers)
    if not any(names == tuple(one for one in sequence if one in names) for sequence in (*key.sequences, ())):
        allowed = ", or ".join(", ".join(sequence) for sequence in key.sequences)
        raise NotAnIdentifier(f"After a {key.name} the order is {allowed}, each at most once.")
    return ParsedIdentifier(key, value, qualifiers)


def read_digital_link(text: str) -> ParsedIdentifier:
    """Raises NotAnIdentifier. Any host is accepted, because any resolver may serve the link."""
    if len(text) > MAX_LENGTH:
        raise NotAnIdentifier(f"A link must have at most {MAX_LENGTH} characters.")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise NotAnIdentifier("A link must be ASCII without spaces; percent-encode other characters.")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise NotAnIdentifier("This is not a URI.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAnIdentifier("A GS1 Digital Link must begin with https:// and a host.")
    # Split before decoding: a percent-encoded slash belongs to the value.
    names = parts.path.removesuffix("/").split("/")[1:]
    for start in range(len(names) - 2, -1, -2):
        ai = ALPHA.get(names[start], names[start])
        if ai in KEYS:
            pairs = names[start + 2 :]
            qualifiers = zip((ALPHA.get(name, name) for name in pairs[::2]), pairs[1::2], strict=True)
            return build_identifier(
                ai, decode_segment(names[start + 1]), tuple((name, decode_segment(value)) for name, value in qualifiers)
            )
    raise NotAnIdentifier("The path has no GS1 key, such as /01/ followed by a GTIN.")


def decode_segment(segment: str) -> str:
    """The text of one segment of a path. Raises NotAnIdentifier."""
    if _BAD_ESCAPE.search(segment):
        raise NotAnIdentifier("A percent escape is malformed.")
    try:
        return unquote_to_bytes(segment).decode("ascii")
    except UnicodeDecodeError:
        raise NotAnIdentifier("A percent escape encodes a character that is not allowed in any key.") from None
