"""The canonical JSON of a content (RFC 8785, JCS), and its digest.

Equal contents are equal bytes in any language, so anybody who has the JSON can verify the digest. msgspec writes the
same bytes many times faster, except for some numbers and names; JSON that may have one of those goes to the reference
implementation.
"""

import hashlib
import re
from typing import Any, NamedTuple

import msgspec
import rfc8785

from linkxg.catalog.products.content import MAX_SAFE_INTEGER

# Numbers that msgspec writes differently (1.0 for 1, 1e16 for 10000000000000000, -0), and numbers with so many digits
# that they may exceed the range of RFC 7493. `_NUMBER` comes first: most JSON has no numbers, and it is faster.
_NUMBER = re.compile(rb"[:,\[]-?[0-9]")
_NONCANONICAL_NUMBER = re.compile(rb"[:,\[](?:-?[0-9]+\.0[,}\]]|-0[,}\]]|-?[0-9.]+[eE]|-?[0-9.]{16})")
# Names beyond the Basic Multilingual Plane: JCS sorts them as UTF-16.
_ASTRAL = re.compile(rb"[\xf0-\xf4]")
_encode = msgspec.json.Encoder(order="sorted").encode


class NotCanonical(ValueError):
    """A number exceeds the range that JSON preserves exactly (RFC 7493 §2.2)."""


class Canonical(NamedTuple):
    """`text` is the canonical JSON, `digest` its SHA-256."""

    text: str
    digest: bytes


def canonical(content: Any) -> Canonical:
    """The canonical form of a struct or of decoded JSON. Raises NotCanonical."""
    raw = _encode(content)
    if (_NUMBER.search(raw) and _NONCANONICAL_NUMBER.search(raw)) or (not raw.isascii() and _ASTRAL.search(raw)):
        value = msgspec.json.decode(raw)
        if _exceeds_range(value):
            raise NotCanonical
        raw = rfc8785.dumps(value)
    return Canonical(raw.decode(), hashlib.sha256(raw).digest())


def digest_of(text: str) -> bytes:
    """The digest of canonical JSON."""
    return hashlib.sha256(text.encode()).digest()


def _exceeds_range(value: Any) -> bool:
    """Floats count too: without an exponent, a large one would be parsed as an integer."""
    if isinstance(value, dict):
        return any(map(_exceeds_range, value.values()))
    if isinstance(value, list):
        return any(map(_exceeds_range, value))
    return isinstance(value, int | float) and abs(value) > MAX_SAFE_INTEGER


HASH_PREFIX = "sha-256:"


def content_hash(digest: bytes) -> str:
    """The digest as in API responses: `sha-256:` and hexadecimal digits."""
    return HASH_PREFIX + digest.hex()
