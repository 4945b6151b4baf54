"""Compresses links as GS1 Digital Link: Compression 1.0.0 says, which the program never does."""

from __future__ import annotations

import math
import re
import string

from linkxg.catalog.identifiers.application_identifiers import components_of

BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
# The first alphabet in which a text can be written: (code, bits a character, characters).
ALPHABETS = (
    (1, 4, "0123456789abcdef"), (2, 4, "0123456789ABCDEF"), (3, 6, BASE64), (4, 7, "".join(map(chr, range(128)))),
)  # fmt: skip


def compressed(*elements: tuple[str, str]) -> str:
    """The elements in this order; a name that is not a number is a parameter that is none of GS1."""
    return encoded("".join(_element(name, value) for name, value in elements))


def compressed_by_code(code: str, *elements: tuple[str, str]) -> str:
    """A usual sequence, whose application identifiers are not in the text."""
    return encoded(bits(int(code, 16), 8) + "".join(_value(name, value) for name, value in elements))


def encoded(text: str) -> str:
    padded = text + "0" * (-len(text) % 6)
    return "".join(BASE64[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))


def bits(number: int, width: int) -> str:
    return f"{number:0{width}b}"


def _element(name: str, value: str) -> str:
    if not name.isdigit():
        key = "".join(bits(BASE64.index(character), 6) for character in name)
        return "1111" + bits(len(name), 7) + key + _text(value, 7)
    return "".join(bits(int(digit), 4) for digit in name) + _value(name, value)


def _value(ai: str, value: str) -> str:
    found = ""
    for part in components_of(ai):
        mine, value = value[: part.length], value[part.length :]
        width = 0 if part.is_fixed else math.ceil(math.log2(part.length) + 0.01)
        found += (bits(len(mine), width) if width else "") + _digits(mine) if part.is_numeric else _text(mine, width)
    return found


def _text(value: str, width: int) -> str:
    length = bits(len(value), width) if width else ""
    if re.fullmatch("[0-9]+", value):
        return "000" + length + _digits(value)
    code, size, alphabet = next((one for one in ALPHABETS if value and set(value) <= set(one[2])), ALPHABETS[-1])
    return bits(code, 3) + length + "".join(bits(alphabet.index(character), size) for character in value)


def _digits(value: str) -> str:
    return bits(int(value or "0"), math.ceil(len(value) * math.log(10) / math.log(2) + 0.01))
