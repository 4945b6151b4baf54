"""Compact JWS (RFC 7515 §7.1): exactly three canonical segments, and a header without anything to interpret."""

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from typing import NamedTuple

from linkxg_guard.strict_json import is_text, read_object

MAX_TOKEN, MAX_HEADER = 8_192, 512
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_STANDARD = bytes.maketrans(b"-_", b"+/")
_PADDING = (b"", b"", b"==", b"=")
# What the last character of a segment may be where its last bits are none of the content, by the length modulo 4.
_LAST = (_ALPHABET, b"", b"AQgw", b"AEIMQUYcgkosw048")


class Header(NamedTuple):
    """`kid` is None only of a document under a key without an id."""

    alg: str
    typ: str
    kid: str | None


def split(token: bytes, limit: int = MAX_TOKEN) -> tuple[bytes, bytes, bytes]:
    """The encoded header, payload and signature. Raises ValueError."""
    if len(token) > limit:
        raise ValueError("too long")
    parts = token.split(b".")
    if len(parts) != 3:
        raise ValueError("not a compact JWS")
    return parts[0], parts[1], parts[2]


def decode_segment(segment: bytes) -> bytes:
    """The bytes of a base64url segment. Raises ValueError unless it is canonical: no padding, no stray bits."""
    rest = len(segment) % 4
    # Deleting its letters leaves nothing of a segment that is made of them.
    if segment.translate(None, _ALPHABET) or (segment and segment[-1] not in _LAST[rest]):
        raise ValueError("not canonical base64url")
    return a2b_base64(segment.translate(_STANDARD) + _PADDING[rest])


def encode_segment(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def read_header(segment: bytes) -> Header:
    """Raises ValueError.

    Members beyond the three are refused, which rules out `crit`, `b64`, `jku`, `jwk`, `x5u` and `x5c` (RFC 8725 §3.10).
    """
    if len(segment) > MAX_HEADER * 4 // 3:
        raise ValueError("the header is too long")
    found = read_object(decode_segment(segment))
    if not {"alg", "typ"} <= found.keys() <= {"alg", "typ", "kid"}:
        raise ValueError("unknown or missing members of the header")
    if not all(is_text(value, 128) for value in found.values()):
        raise ValueError("a member of the header is not a text")
    return Header(found["alg"], found["typ"], found.get("kid"))
