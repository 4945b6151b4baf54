"""Parses GS1 Digital Links into their normal form (GS1 Digital Link URI Syntax 1.6.0).

GS1 Digital Link URI Syntax 1.6.0. In: any resolver, any path before the key, alphabetic names, GTINs of any length,
attributes in the query. Out: `https://id.gs1.org`, numeric names, 14 digits, percent-encoded as RFC 3986 §2.3 leaves no
choice, no query, as CBV 2.0 §8.9.1 hashes it. What is compared and stored is that form.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

from linkxg.catalog.identifiers.check_digit import are_digits
from linkxg.catalog.identifiers.keys import ALPHA, KEYS, QUALIFIERS, Key, NotAnIdentifier, check_value

RESOLVER = "https://id.gs1.org"
MAX_LENGTH = 2_048
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SHORT_GTIN = {8, 12, 13}


class Identified(NamedTuple):
    """A key with its value and the (application identifier, value) pairs that narrow it down, in order."""

    key: Key
    value: str
    qualifiers: tuple[tuple[str, str], ...] = ()

    @property
    def uri(self) -> str:
        """The normal form."""
        pairs = ((self.key.ai, self.value), *self.qualifiers)
        return RESOLVER + "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in pairs)

    def get(self, ai: str) -> str | None:
        """The value of one qualifier."""
        return dict(self.qualifiers).get(ai)


def identify(ai: str, value: str, qualifiers: tuple[tuple[str, str], ...] = ()) -> Identified:
    """Raises NotAnIdentifier unless key and qualifiers are well formed and belong together in this order."""
    key = KEYS[ai]
    if ai == "01" and len(value) in _SHORT_GTIN and are_digits(value):
        value = value.rjust(14, "0")
    check_value(key, value)
    places = []
    for name, given in qualifiers:
        if name not in key.qualifiers:
            raise NotAnIdentifier(f"({name}) is not allowed after a {key.name}.")
        if not QUALIFIERS[name].fullmatch(given):
            raise NotAnIdentifier(
                f"The value of ({name}) is empty, too long or contains a character that is not allowed."
            )
        places.append(key.qualifiers.index(name))
    if places != sorted(set(places)):
        raise NotAnIdentifier(f"After a {key.name} the order is {', '.join(key.qualifiers)}, each at most once.")
    return Identified(key, value, qualifiers)


def read_digital_link(text: str) -> Identified:
    """Raises NotAnIdentifier. The host is not looked at: any resolver may serve the link."""
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
    # Split before decoding: a slash within a lot is percent-encoded and belongs to the lot.
    names = parts.path.removesuffix("/").split("/")[1:]
    for start in range(len(names) - 2, -1, -2):
        ai = ALPHA.get(names[start], names[start])
        if ai in KEYS:
            pairs = names[start + 2 :]
            qualifiers = zip((ALPHA.get(name, name) for name in pairs[::2]), pairs[1::2], strict=True)
            return identify(ai, _decode(names[start + 1]), tuple((name, _decode(value)) for name, value in qualifiers))
    raise NotAnIdentifier("The path has no GS1 key, such as /01/ followed by a GTIN.")


def _decode(segment: str) -> str:
    if _BAD_ESCAPE.search(segment):
        raise NotAnIdentifier("A percent escape is malformed.")
    try:
        return unquote_to_bytes(segment).decode("ascii")
    except UnicodeDecodeError:
        raise NotAnIdentifier("A percent escape encodes a character that is not allowed in any key.") from None
