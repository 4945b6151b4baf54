"""Decompresses GS1 Digital Links (GS1 Digital Link: Compression 1.0.0).

A compressed link is a string of bits in the alphabet of base64url: each element begins with the digits of its
application identifier, four bits a digit, or with a code for a usual sequence of application identifiers, or with four
ones for a parameter that is none of GS1. The format of the application identifier says how its value follows.
"""

import math
import re
import string

from linkxg.catalog.identifiers.application_identifiers import LENGTHS, Component, Element, components_of
from linkxg.catalog.identifiers.keys import NotAnIdentifier

_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_HEX = "0123456789ABCDEF"
_COMPRESSED = re.compile(r"[A-Za-z0-9_-]+")
_HEADER_BITS = 8
_OTHER_PARAMETER = 0xF
_LONGEST_BITS = 7
"""Of the length of a name or value that is none of GS1."""
_SEQUENCES: dict[str, tuple[str, ...]] = {
    "0A": ("01", "22"), "0B": ("01", "10"), "0C": ("01", "21"), "0D": ("01", "17"), "0E": ("01", "7003"),
    "0F": ("01", "30"), "1A": ("01", "10", "21", "17"), "1B": ("01", "15"), "1C": ("01", "11"), "1D": ("01", "16"),
    "1E": ("01", "91"), "1F": ("01", "10", "15"),
    "9A": ("8010", "8011"), "9B": ("8017", "8019"), "9C": ("8018", "8019"), "9D": ("414", "254"),
    **{f"2{'ABCDEF'[number]}": ("01", f"310{number}") for number in range(6)},
    **{f"3{'ABCDEF'[number]}": ("01", f"320{number}") for number in range(6)},
    **{f"A{number}": ("01", f"392{number}") for number in range(10)},
    **{f"C{number}": ("255", f"390{number}") for number in range(10)},
    **{f"C{'ABCD'[number]}": ("255", f"394{number}") for number in range(4)},
}  # fmt: skip


class _Bits:
    """Reads numbers from the front of a compressed text."""

    def __init__(self, text: str) -> None:
        self._value = 0
        for character in text:
            self._value = self._value << 6 | _BASE64.index(character)
        self.left = 6 * len(text)

    def take(self, count: int) -> int:
        """Raises NotAnIdentifier if fewer are left."""
        if count > self.left:
            raise NotAnIdentifier("The compressed link ends within a value.")
        self.left -= count
        taken = self._value >> self.left
        self._value &= (1 << self.left) - 1
        return taken

    @property
    def are_padding(self) -> bool:
        return self._value == 0


def decompress(text: str) -> list[Element]:
    """Raises NotAnIdentifier. The elements are in the order of the text; their values are not checked."""
    if not _COMPRESSED.fullmatch(text):
        raise NotAnIdentifier("A compressed link consists of letters, digits, hyphens and underscores.")
    bits, elements = _Bits(text), list[Element]()
    while bits.left > _HEADER_BITS:
        elements += _read_elements(bits)
    if not elements or not bits.are_padding:
        raise NotAnIdentifier("This is not a compressed link.")
    return elements


def _read_elements(bits: _Bits) -> list[Element]:
    first, second = bits.take(4), bits.take(4)
    if first == _OTHER_PARAMETER:
        return [_read_parameter(bits, second)]
    code = _HEX[first] + _HEX[second]
    ais = (_read_ai(bits, code),) if code.isdigit() else _SEQUENCES.get(code)
    if ais is None:
        raise NotAnIdentifier("This is not a compressed link.")
    return [Element(ai, "".join(_read_component(bits, part) for part in components_of(ai))) for ai in ais]


def _read_ai(bits: _Bits, ai: str) -> str:
    """The application identifier that begins with these two digits."""
    while not components_of(ai):
        if len(ai) == LENGTHS[-1] or not (ai := ai + _HEX[bits.take(4)]).isdigit():
            raise NotAnIdentifier("The compressed link contains an unknown application identifier.")
    return ai


def _read_parameter(bits: _Bits, high: int) -> Element:
    name = _read_characters(bits, high << 3 | bits.take(3), _BASE64)
    encoding, length = bits.take(3), bits.take(_LONGEST_BITS)
    return Element(name, _read_text(bits, encoding, length))


def _read_component(bits: _Bits, part: Component) -> str:
    encoding = None if part.is_numeric else bits.take(3)
    length = part.length if part.is_fixed else bits.take(part.length.bit_length())
    return _read_digits(bits, length) if encoding is None else _read_text(bits, encoding, length)


def _read_text(bits: _Bits, encoding: int, length: int) -> str:
    match encoding:
        case 0:
            return _read_digits(bits, length)
        case 1:
            return _read_characters(bits, length, _HEX.lower())
        case 2:
            return _read_characters(bits, length, _HEX)
        case 3:
            return _read_characters(bits, length, _BASE64)
        case 4:
            return "".join(chr(bits.take(7)) for _ in range(length))
        case _:
            raise NotAnIdentifier("The compressed link has a value in an unknown encoding.")


def _read_digits(bits: _Bits, length: int) -> str:
    """A number as the standard reserves bits for it: one more than needed for some lengths, and one for none."""
    digits = str(bits.take(math.ceil(length * math.log2(10) + 0.01)))
    if length and len(digits) > length:
        raise NotAnIdentifier("The compressed link has a number with too many digits.")
    return digits.zfill(length) if length else ""


def _read_characters(bits: _Bits, length: int, alphabet: str) -> str:
    width = (len(alphabet) - 1).bit_length()
    return "".join(alphabet[bits.take(width)] for _ in range(length))
