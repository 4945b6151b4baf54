"""Reads country codes as people write them: in lower case, or as the name of the country."""

from difflib import get_close_matches
from functools import lru_cache

from linkxg.catalog.products.countries import COUNTRIES, NAMES

MAX_NAME_LENGTH = 60
"""Longer texts are not compared with the names."""

_CODES = {name.casefold(): code for code, name in NAMES.items()}
# Common names that the table does not have.
_CODES |= {
    "america": "US", "brasil": "BR", "britain": "GB", "cape verde": "CV", "czech republic": "CZ", "danmark": "DK",
    "deutschland": "DE", "england": "GB", "españa": "ES", "great britain": "GB", "holland": "NL", "italia": "IT",
    "ivory coast": "CI", "korea": "KR", "macedonia": "MK", "nederland": "NL", "north korea": "KP", "p.r. china": "CN",
    "people's republic of china": "CN", "polska": "PL", "prc": "CN", "republic of korea": "KR", "russian federation":
    "RU", "schweiz": "CH", "scotland": "GB", "south korea": "KR", "suisse": "CH", "sverige": "SE", "swaziland": "SZ",
    "the netherlands": "NL", "turkey": "TR", "türkei": "TR", "uae": "AE", "uk": "GB", "u.k.": "GB",
    "united states of america": "US", "usa": "US", "u.s.a.": "US", "viet nam": "VN", "österreich": "AT",
}  # fmt: skip


def read_country(text: str) -> str:
    """The code for a code or name in either case; otherwise the text itself."""
    trimmed = text.strip()
    upper = trimmed.upper()
    return upper if upper in COUNTRIES else _CODES.get(trimmed.casefold(), trimmed)


def country_error(text: str) -> str | None:
    return None if text in COUNTRIES else _unknown(text[: MAX_NAME_LENGTH + 1])


@lru_cache(1_024)
def _unknown(text: str) -> str:
    message = "Unknown country code; use ISO 3166-1 alpha-2, such as DE."
    code = suggest_country(text)
    return f"{message} Did you mean {code}?" if code else message


def suggest_country(text: str) -> str | None:
    """The code that was probably meant."""
    if len(text) > MAX_NAME_LENGTH:
        return None
    code = read_country(text)
    if code in COUNTRIES:
        return code
    close = get_close_matches(text.strip().casefold(), _CODES, n=1, cutoff=0.8) if len(text) > 3 else []
    return _CODES[close[0]] if close else None
