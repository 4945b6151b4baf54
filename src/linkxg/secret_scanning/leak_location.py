"""Where a credential was found, as it is recorded: short, in one line, and without any credential."""

import re
from typing import NamedTuple
from urllib.parse import unquote

MAX_URL = 500
_MAX_SOURCE = 40
_MAX_READ = 4_000
_CREDENTIAL = re.compile(r"lxg[a-z]{3}_", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?://)(?:[^/@]*@)*([^/@]*)(.*)", re.IGNORECASE)
_PIECE = 8
_DECODINGS = 5


class LeakLocation(NamedTuple):
    """`source` is what the scanner searched, such as `commit`; either is empty if it is not known."""

    url: str
    source: str


def location_of(token: str, url: str | None, source: str | None) -> LeakLocation:
    """Of the address neither user name, query nor fragment; what may hold a credential is left out."""
    return LeakLocation(_address(token, url or ""), _word(token, source or ""))


def _address(token: str, url: str) -> str:
    found = _ADDRESS.fullmatch(re.split(r"[?#]", _printable(url), maxsplit=1)[0])
    if found is None:
        return ""
    scheme, host, path = found.groups()
    if not host or _may_hold(token, host):
        return ""
    return f"{scheme}{host}{'' if _may_hold(token, path) else path}"[:MAX_URL]


def _word(token: str, source: str) -> str:
    word = _printable(source)
    return "" if _may_hold(token, word) else word[:_MAX_SOURCE]


def _may_hold(token: str, text: str) -> bool:
    """Whether it has a piece of the token or what begins as a credential does, however often it is percent-encoded."""
    pieces = {token[at : at + _PIECE].lower() for at in range(len("lxgsec_"), len(token) - _PIECE + 1)}
    for _ in range(_DECODINGS):
        if _CREDENTIAL.search(text) or any(piece in text.lower() for piece in pieces):
            return True
        text, before = unquote(text), text
        if text == before:
            return False
    return True


def _printable(text: str) -> str:
    return "".join(one for one in text[:_MAX_READ] if one.isprintable())
