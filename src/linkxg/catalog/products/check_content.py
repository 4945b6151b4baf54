"""Validates a content beyond its types; reports every invalid field.

A refusal names every field that is wrong, not only the first.
"""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from linkxg.catalog.identifiers.check_digit import check_digit
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.canonical import Canonical, NotCanonical, canonical
from linkxg.catalog.products.content import (
    LARGEST,
    MAX_ATTRIBUTES_BYTES,
    MAX_CONTENT_BYTES,
    MAX_MEMBER_NAME,
    MEMBERS,
    Content,
    ContentPart,
)
from linkxg.catalog.products.patterns import LINE_PATTERN, NAME_PATTERN
from linkxg.catalog.products.read_country import country_fault
from linkxg.catalog.products.units_of_measure import LENGTH, MASS, VOLUME

Fault = dict[str, str]
"""`field`, `code` and `message`, as an answer's `details` tell it."""


MAX_FAULTS = 100
"""How many are named at most: a thousand parts may each have several."""


class CheckedContent(NamedTuple):
    """`form` is what is stored, unless there are faults."""

    faults: list[Fault]
    form: Canonical | None


def fault(field: str, message: str, code: str = "invalid") -> Fault:
    return {"field": field, "code": code, "message": message}


def check_content(content: Content, at: str = "content.") -> CheckedContent:
    """Fields are named with `at` before them."""
    faults = list(_faults(content, at))
    try:
        form = canonical(content)
    except NotCanonical:
        says = f"A number must be at most {LARGEST} in magnitude; write longer ones as text."
        return CheckedContent([*faults, fault(f"{at}attributes", says)], None)
    if len(form.text) > MAX_ATTRIBUTES_BYTES // 4 and (large := _too_large(content, form, at)):
        faults.append(large)
    return CheckedContent(faults[:MAX_FAULTS], None if faults else form)


def _faults(content: Content, at: str) -> list[Fault]:
    faults: list[Fault] = []
    _check_part(content, at, faults)
    if content.dimensions is not None:
        for name, units in _UNITS_OF.items():
            measure = getattr(content.dimensions, name)
            if measure is not None and measure.unit not in units:
                field = f"{at}dimensions.{_ENCODED[name]}.unit"
                faults.append(fault(field, f"The unit must be one of {', '.join(units)}.", "unknown_unit"))
    if content.materials and sum(one.mass_fraction or 0 for one in content.materials) > 1 + 1e-6:
        faults.append(fault(f"{at}materials", "The mass fractions add up to more than 1."))
    if content.attributes and _has_long_name(content.attributes):
        faults.append(fault(f"{at}attributes", f"The name of a member must have at most {MAX_MEMBER_NAME} characters."))
    for name in content.access or ():
        attribute = name.removeprefix("attributes.")
        if name not in MEMBERS and (attribute == name or not 0 < len(attribute) <= MAX_MEMBER_NAME):
            says = "Access can be set for members of the content, and for attributes as attributes.NAME."
            faults.append(fault(f"{at}access", says, "unknown_field"))
            break
    return faults


def _has_long_name(value: Any) -> bool:
    """At any depth."""
    if isinstance(value, dict):
        return any(len(name) > MAX_MEMBER_NAME or _has_long_name(member) for name, member in value.items())
    return isinstance(value, list) and any(map(_has_long_name, value))


def _too_large(content: Content, form: Canonical, at: str) -> Fault | None:
    if content.attributes and len(msgspec.json.encode(content.attributes)) > MAX_ATTRIBUTES_BYTES:
        return fault(
            f"{at}attributes", f"As JSON, attributes may take at most {MAX_ATTRIBUTES_BYTES} bytes.", "too_large"
        )
    if len(form.text.encode()) > MAX_CONTENT_BYTES:
        return fault(at.rstrip("."), f"As JSON, content may take at most {MAX_CONTENT_BYTES} bytes.", "too_large")
    return None


_UNITS_OF = {"net_weight": MASS, "gross_weight": MASS, "length": LENGTH, "width": LENGTH, "height": LENGTH,
             "volume": VOLUME}  # fmt: skip
_ENCODED = {"net_weight": "netWeight", "gross_weight": "grossWeight"} | {
    name: name for name in ("length", "width", "height", "volume")
}
UNITS = {_ENCODED[name]: units for name, units in _UNITS_OF.items()}
"""Member of `dimensions` → the units it may be told in."""


def _matches(pattern: str, says: str) -> Callable[[str], str | None]:
    fits = re.compile(pattern).fullmatch
    return lambda text: None if fits(text) else says


def _name(text: str) -> str | None:
    # What is printable to Python has no control character and no space but the plain one.
    if text.isprintable() and not text.isspace():
        return None
    return _odd_name(text)


def _line(text: str) -> str | None:
    return None if text.isprintable() else _odd_line(text)


_odd_name = _matches(NAME_PATTERN, "This must be one line of visible text without control characters.")
_odd_line = _matches(LINE_PATTERN, "This must be one line of text without control characters.")


def _gtin(text: str) -> str | None:
    try:
        read_gtin(text)
    except NotAGtin as error:
        return str(error)
    return None


def _gln(text: str) -> str | None:
    if len(text) != 13 or not (text.isascii() and text.isdigit()):
        return "A GLN must have 13 digits and nothing else."
    expected = check_digit(text[:-1])
    return None if int(text[-1]) == expected else f"The check digit is wrong; it should be {expected}."


RULES: dict[str, Callable[[str], str | None]] = {
    "name": _name,
    "line": _line,
    "uri": _matches(r"[A-Za-z][A-Za-z0-9+.-]*:[!-;=?-~]*[!-;=?-~]", "This must be an absolute URI."),
    "url": _matches(r"https?://[!-;=?-~]+", "This must be an address that begins with https:// or http://."),
    "country": country_fault,
    "language": _matches(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", "This must be a language tag such as de or pt-BR."),
    "media_type": _matches(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*(?:; ?[!-~]+)?", "This is not a media type."),
    "sha256": _matches(r"[0-9a-f]{64}", "A SHA-256 digest must have 64 hexadecimal digits in lower case."),
    "unit": _matches(r"[A-Z0-9]{2,3}", "A unit must be a code of UN/CEFACT Recommendation 20, such as KGM."),
    "gtin": _gtin,
    "gln": _gln,
}
"""What a text has to be; the sentence to tell when it is not."""

_Check = tuple[str, str, Callable[[str], str | None] | None, bool]
"""(attribute, written name, rule of a text or None for a part, whether it is a list of parts)."""


def _checks(part: type[ContentPart]) -> tuple[_Check, ...]:
    """What `part` declares by its types."""
    found: list[_Check] = []
    for field in inspect.type_info(part).fields:  # type: ignore[attr-defined]
        kind: inspect.Type | None = field.type
        rule = None
        if isinstance(kind, inspect.UnionType):
            kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
        if isinstance(kind, inspect.Metadata):
            rule = (kind.extra or {}).get("rule")
            kind = kind.type
        if rule is not None:
            found.append((field.name, field.encode_name, RULES[rule], False))
        elif isinstance(kind, inspect.StructType):
            found.append((field.name, field.encode_name, None, False))
        elif isinstance(kind, inspect.ListType):
            found.append((field.name, field.encode_name, None, True))
    return tuple(found)


def _reader(names: Sequence[str]) -> Callable[[ContentPart], Sequence[Any]]:
    """The values of all these members at once; an import asks half a million contents for them."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda part: [getattr(part, name) for name in names]


_CHECKS: dict[type[ContentPart], tuple[tuple[_Check, ...], Callable[[ContentPart], Sequence[Any]]]] = {
    part: (_checks(part), _reader([check[0] for check in _checks(part)])) for part in ContentPart.__subclasses__()
}


def _check_part(part: ContentPart, at: str, faults: list[Fault]) -> None:
    checks, values_of = _CHECKS[type(part)]
    for (_, written, rule, is_list), value in zip(checks, values_of(part), strict=True):
        if value is None:
            continue
        if rule is not None:
            says = rule(value)
            if says is not None:
                faults.append(fault(at + written, says))
        elif is_list:
            for place, one in enumerate(value):
                _check_part(one, f"{at}{written}[{place}].", faults)
        else:
            _check_part(value, f"{at}{written}.", faults)
