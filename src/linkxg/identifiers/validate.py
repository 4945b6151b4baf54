"""Validates a list of identifiers and returns their normal forms."""

from collections.abc import Callable

from linkxg.identifiers.digital_link import RESOLVER, Identified, read_digital_link
from linkxg.identifiers.epc_urn import read_epc_urn
from linkxg.identifiers.gtin import FORMATS, NotAGtin, is_restricted, read_gtin
from linkxg.identifiers.keys import KEYS, NotAnIdentifier, check_value
from linkxg.identifiers.model import Checked, Identifier

_RESTRICTED = "Numbers of this range are for use within one company or region only."


def validate(given: Identifier) -> Checked:
    """Never raises: an identifier that is wrong is an answer."""
    try:
        return _READERS[given.type](given.value)
    except (NotAGtin, NotAnIdentifier) as error:
        return Checked(valid=False, expected_check_digit=error.expected, error=str(error))


def _gtin(text: str) -> Checked:
    gtin = read_gtin(text)
    return Checked(
        True,
        gtin.digits14,
        FORMATS[gtin.length],
        int(text[-1]),
        f"{RESOLVER}/01/{gtin.digits14}",
        warning=_RESTRICTED if is_restricted(gtin) else None,
    )


def _digits(ai: str) -> Callable[[str], Checked]:
    key = KEYS[ai]

    def read(text: str) -> Checked:
        check_value(key, text)
        return Checked(True, text, key.name, int(text[-1]), f"{RESOLVER}/{ai}/{text}")

    return read


def _link(text: str) -> Checked:
    found = read_digital_link(text)
    return Checked(True, found.uri, found.key.name, _own_digit(found), found.uri)


def _urn(text: str) -> Checked:
    found = read_epc_urn(text)
    return Checked(True, found.uri, found.key.name, _own_digit(found), found.uri)


def _own_digit(found: Identified) -> int | None:
    return None if found.key.checked is None else int(found.value[found.key.checked][-1])


_READERS: dict[str, Callable[[str], Checked]] = {
    "gtin": _gtin,
    "gln": _digits("414"),
    "sscc": _digits("00"),
    "digitalLink": _link,
    "epcUrn": _urn,
}
