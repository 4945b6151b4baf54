"""Compares the `htu` of a DPoP proof with the URI of the request (RFC 9449 §4.3), normalised by RFC 3986 §6.2.2-3.

Query and fragment are ignored. The host is that of the configured public URL, whatever a proxy made of it.
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from linkxg.crypto.jwt import MAX_LENGTH

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_DOT_SEGMENT = re.compile(r"/\.{1,2}(?:/|$)")


@lru_cache(4_096)
def normalise(uri: str) -> str | None:
    """The URI without query and fragment; None unless it is an absolute http(s) URI without user and dot segments."""
    if len(uri) > MAX_LENGTH or not uri.isascii() or any(ord(character) < 0x21 for character in uri):
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
    return (
        f"{parts.scheme}://{authority}{path}"
        if port in (None, default)
        else f"{parts.scheme}://{authority}:{port}{path}"
    )


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
