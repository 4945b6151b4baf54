r"""The application identifiers, and the formats of their values (GS1 General Specifications §3.2).

Formats are written as there: `N6` has six digits, `X..20` up to 20 characters of set 82, a part in brackets may be
empty.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from linkxg.catalog.identifiers.keys import CHARSET_82, NotAnIdentifier

LENGTHS = (2, 3, 4)
"""Digits of an application identifier; none begins with another one."""
_FORMATS = {
    "N18": "00|8006|8017|8018|8026",
    "N14": "0[1-3]|8001",
    "N6": r"1[1-35-7]|3(?:1[0-6]|2\d|3[0-7]|4\d|5[0-7]|6\d)[0-5]|395[0-5]|4326|7006|8005",
    "N2": "20|7241",
    "X..20": "10|2[12]|243|254|420|4318|702[0-2]|71[0-7]|7240|8002|8012",
    "X..28": "235",
    "X..30": "24[01]|25[01]|40[013]|4308|4319|7002|7023|8004|8010|90",
    "N..6": "242",
    "N13 [X..17]": "253",
    "N13 [N..12]": "255",
    "N..8": "30|37",
    "N..15": r"39[02]\d",
    "N3 N..15": r"39[13]\d",
    "N4": "394[0-3]|8111",
    "N17": "402",
    "N13": "41[0-7]|7001",
    "N3 X..9": "421",
    "N3": "42[246]",
    "N3 N..12": "42[35]",
    "X..3": "427|7008",
    "X..35": "43[01][01]|4320",
    "X..70": "43[01][2-6]|7257|8110|8112|8200",
    "X2": "43[01]7",
    "N20": "4309",
    "N1": "432[1-3]|7252",
    "N10": "432[45]|7003",
    "N6 [X..1]": "433[0-3]",
    "N..4": "7004",
    "X..12": "7005",
    "N6 [N..6]": "7007",
    "X..10": "7009|7255",
    "X..2": "7010",
    "N6 [N..4]": "7011",
    "N3 X..27": r"703\d",
    "N1 X3": "7040",
    "X2 X..28": r"723\d",
    "X..25": "7242|8013|8014|8020",
    "N8": "7250",
    "N12": "7251",
    "X..40": "725[349]",
    "X..90": "7256|8030|9[1-9]",
    "X3": "7258",
    "N14 [X..16]": "8003",
    "X..34": "8007",
    "N8 [N..4]": "8008",
    "X..50": "8009",
    "N..12": "8011",
    "N..10": "8019",
}
_AIS = [(re.compile(pattern), format) for format, pattern in _FORMATS.items()]
_PART = re.compile(r"(\[?)([NX])(\.\.)?(\d+)\]?")
_PREDEFINED = re.compile(r"0[0-4]|1[1-9]|20|3[1-6]|41")


class Component(NamedTuple):
    """A part of a value: `length` digits or characters, exactly or at most."""

    is_numeric: bool
    length: int
    is_fixed: bool
    is_optional: bool


class Element(NamedTuple):
    """An application identifier, or the name of another parameter, with its value."""

    name: str
    value: str


@lru_cache(1_024)
def components_of(ai: str) -> tuple[Component, ...]:
    """The parts of its value, in their order; none if there is no such application identifier."""
    format = next((format for pattern, format in _AIS if pattern.fullmatch(ai)), "")
    parts = (_PART.fullmatch(part) for part in format.split())
    return tuple(Component(one[2] == "N", int(one[4]), not one[3], bool(one[1])) for one in parts if one)


def is_application_identifier(name: str) -> bool:
    return bool(components_of(name))


def has_predefined_length(ai: str) -> bool:
    """Whether its element string needs no separator (GS1 General Specifications §7.8.5)."""
    return _PREDEFINED.match(ai) is not None


def check_element(element: Element) -> None:
    """Raises NotAnIdentifier unless the value of the application identifier is well formed."""
    if not _value_pattern(element.name).fullmatch(element.value):
        raise NotAnIdentifier(
            f"The value of ({element.name}) is empty, too short or long, or contains a character that is not allowed."
        )


@lru_cache(1_024)
def _value_pattern(ai: str) -> re.Pattern[str]:
    parts = (
        ("[0-9]" if part.is_numeric else CHARSET_82)
        + (f"{{{part.length}}}" if part.is_fixed else f"{{{0 if part.is_optional else 1},{part.length}}}")
        for part in components_of(ai)
    )
    return re.compile("".join(parts))
