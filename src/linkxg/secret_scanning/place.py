"""Where a credential was found, as it is recorded: short, in one line, and without any credential."""

import re
from typing import NamedTuple
from urllib.parse import unquote

MAX_URL = 500
_MAX_SOURCE = 40
_CREDENTIAL = re.compile(r"lxg[a-z]{3}_", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?://)(?:[^/@]*@)*([^/@]*)(.*)", re.IGNORECASE)


class LeakPlace(NamedTuple):
    """`source` is what the scanner searched, such as `commit`; either is empty if it is not known."""

    url: str
    source: str


def place_of(url: str | None, source: str | None) -> LeakPlace:
    """Of the address neither user name, query nor fragment; what may hold a credential is left out."""
    return LeakPlace(_address(url or ""), _word(source or ""))


def _address(url: str) -> str:
    found = _ADDRESS.fullmatch(re.split(r"[?#]", _printable(url), maxsplit=1)[0])
    if found is None:
        return ""
    scheme, host, path = found.groups()
    kept = f"{scheme}{host}" if _CREDENTIAL.search(unquote(unquote(path))) else f"{scheme}{host}{path}"
    return "" if _CREDENTIAL.search(unquote(host)) else kept[:MAX_URL]


def _word(source: str) -> str:
    word = _printable(source)
    return "" if _CREDENTIAL.search(unquote(word)) else word[:_MAX_SOURCE]


def _printable(text: str) -> str:
    return "".join(one for one in text if one.isprintable())
