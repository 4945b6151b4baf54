"""Compares the `htu` of a DPoP proof with the URI of the request (RFC 9449 §4.3), normalised by RFC 3986 §6.2.2-3."""

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

MAX_URI = 8_192
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH = "/:@!$&'()*+,;=-._~"
_DEFAULT_PORTS = {"https": 443, "http": 80}
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")


@lru_cache(4_096)
def normalise(uri: str) -> str | None:
    """The URI without query and fragment; None unless it is an absolute http(s) URI without user and dot segments."""
    if len(uri) > MAX_URI or not uri.isascii() or any(ord(character) < 0x21 for character in uri):
        return None
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    default = _DEFAULT_PORTS.get(parts.scheme)
    if default is None or not host or "@" in parts.netloc:
        return None
    path = _ESCAPE.sub(_unescape, parts.path or "/")
    if "\\" in path or _DOT_SEGMENT.search(path):
        return None
    authority = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{authority}{'' if port in (None, default) else f':{port}'}{path}"


def encode_path(path: str | bytes) -> str:
    """A decoded path as it may have been on the wire; one with an encoded slash is another one, and does not match."""
    return quote(path, safe=_PATH)


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
