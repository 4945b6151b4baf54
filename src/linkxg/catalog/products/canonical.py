"""Canonical JSON (RFC 8785) of contents, and its digest.

RFC 8785 (JCS): equal contents are equal bytes, on any machine and in any language, so a digest of them can be checked
by whoever has the JSON. msgspec writes the same bytes many times faster, except for a few numbers and names that are
easily seen in what it wrote; those go to the reference implementation.
"""

import hashlib
import re
from typing import Any, NamedTuple

import msgspec
import rfc8785

from linkxg.catalog.products.content import LARGEST

# What msgspec writes otherwise: 1.0 for 1, 1e16 for 10000000000000000, -0; and what may be beyond RFC 7493 (many
# digits). Looked for only where there is a number at all, since that takes a third of the time.
_NUMBER = re.compile(rb"[:,\[]-?[0-9]")
_UNLIKE = re.compile(rb"[:,\[](?:-?[0-9]+\.0[,}\]]|-0[,}\]]|-?[0-9.]+[eE]|-?[0-9.]{16})")
# Names beyond the first plane, which JCS sorts by their UTF-16 form.
_ASTRAL = re.compile(rb"[\xf0-\xf4]")
_encode = msgspec.json.Encoder(order="sorted").encode


class NotCanonical(ValueError):
    """A number in it is beyond what JSON keeps exactly."""


class Canonical(NamedTuple):
    """`text` is the canonical JSON, `digest` its SHA-256."""

    text: str
    digest: bytes


def canonical(content: Any) -> Canonical:
    """Of a struct or of what JSON is read into. Raises NotCanonical."""
    raw = _encode(content)
    if (_NUMBER.search(raw) and _UNLIKE.search(raw)) or (not raw.isascii() and _ASTRAL.search(raw)):
        value = msgspec.json.decode(raw)
        if _is_beyond(value):
            raise NotCanonical
        raw = rfc8785.dumps(value)
    return Canonical(raw.decode(), hashlib.sha256(raw).digest())


def digest_of(text: str) -> bytes:
    """Of what is canonical JSON already."""
    return hashlib.sha256(text.encode()).digest()


def _is_beyond(value: Any) -> bool:
    """Floats as well: written without an exponent, a large one would be read as an integer."""
    if isinstance(value, dict):
        return any(map(_is_beyond, value.values()))
    if isinstance(value, list):
        return any(map(_is_beyond, value))
    return isinstance(value, int | float) and abs(value) > LARGEST


HASH = "sha-256:"


def quoted(digest: bytes) -> str:
    """A digest as answers tell it: `sha-256:…` in hexadecimal digits."""
    return HASH + digest.hex()
