"""Validates a content beyond its types, and reports every invalid field, not only the first."""

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
    MAX_ATTRIBUTES_BYTES,
    MAX_CONTENT_BYTES,
    MAX_MEMBER_NAME,
    MAX_SAFE_INTEGER,
    RESTRICTABLE,
    Content,
    ContentPart,
)
from linkxg.catalog.products.patterns import LINE_PATTERN, NAME_PATTERN
from linkxg.catalog.products.read_country import country_error
from linkxg.catalog.products.units_of_measure import LENGTH, MASS, VOLUME

FieldError = dict[str, str]
"""`field`, `code` and `message`, an element of an error response's `details`."""

MAX_FIELD_ERRORS = 100
"""More are not reported: a thousand parts may have several each."""


class CheckedContent(NamedTuple):
    """`form` is the canonical form to store; None if there are errors."""

    errors: list[FieldError]
    form: Canonical | None


def field_error(field: str, message: str, code: str = "invalid") -> FieldError:
    return {"field": field, "code": code, "message": message}


def check_content(content: Content, at: str = "content.") -> CheckedContent:
    """Names of fields get the prefix `at`."""
    errors = _find_errors(content, at)
    try:
        form = canonical(content)
    except NotCanonical:
        message = f"A number must be at most {MAX_SAFE_INTEGER} in magnitude; write longer ones as text."
        return CheckedContent([*errors, field_error(f"{at}attributes", message)], None)
    if len(form.text) > MAX_ATTRIBUTES_BYTES // 4 and (large := _too_large(content, form, at)):
        errors.append(large)
    return CheckedContent(errors[:MAX_FIELD_ERRORS], None if errors else form)


def _find_errors(content: Content, at: str) -> list[FieldError]:
    errors: list[FieldError] = []
    _check_part(content, at, errors)
    if content.dimensions is not None:
        for name, units in _UNITS_OF.items():
            measure = getattr(content.dimensions, name)
            if measure is not None and measure.unit not in units:
                field = f"{at}dimensions.{_ENCODED[name]}.unit"
                errors.append(field_error(field, f"The unit must be one of {', '.join(units)}.", "unknown_unit"))
    if content.materials and sum(one.mass_fraction or 0 for one in content.materials) > 1 + 1e-6:
        errors.append(field_error(f"{at}materials", "The mass fractions add up to more than 1."))
    if content.attributes and _has_long_name(content.attributes):
        errors.append(
            field_error(f"{at}attributes", f"The name of a member must have at most {MAX_MEMBER_NAME} characters.")
        )
    for name in content.access or ():
        attribute = name.removeprefix("attributes.")
        if name not in RESTRICTABLE and (attribute == name or not 0 < len(attribute) <= MAX_MEMBER_NAME):
            message = (
                "Access can be set for members of the content, for attributes as attributes.NAME, and for journey."
            )
            errors.append(field_error(f"{at}access", message, "unknown_field"))
            break
    return errors


def _has_long_name(value: Any) -> bool:
    if isinstance(value, dict):
        return any(len(name) > MAX_MEMBER_NAME or _has_long_name(member) for name, member in value.items())
    return isinstance(value, list) and any(map(_has_long_name, value))


def _too_large(content: Content, form: Canonical, at: str) -> FieldError | None:
    if content.attributes and len(msgspec.json.encode(content.attributes)) > MAX_ATTRIBUTES_BYTES:
        return field_error(
            f"{at}attributes", f"As JSON, attributes may take at most {MAX_ATTRIBUTES_BYTES} bytes.", "too_large"
        )
    if len(form.text.encode()) > MAX_CONTENT_BYTES:
        return field_error(at.rstrip("."), f"As JSON, content may take at most {MAX_CONTENT_BYTES} bytes.", "too_large")
    return None


_UNITS_OF = {"net_weight": MASS, "gross_weight": MASS, "length": LENGTH, "width": LENGTH, "height": LENGTH,
             "volume": VOLUME}  # fmt: skip
_ENCODED = {"net_weight": "netWeight", "gross_weight": "grossWeight"} | {
    name: name for name in ("length", "width", "height", "volume")
}
DIMENSION_UNITS = {_ENCODED[name]: units for name, units in _UNITS_OF.items()}
"""Member of `dimensions` → its units."""


def _matching(pattern: str, message: str) -> Callable[[str], str | None]:
    matches = re.compile(pattern).fullmatch
    return lambda text: None if matches(text) else message


def _name(text: str) -> str | None:
    # To Python, printable text has no control character and no space except U+0020.
    if text.isprintable() and not text.isspace():
        return None
    return _check_name(text)


def _line(text: str) -> str | None:
    return None if text.isprintable() else _check_line(text)


_check_name = _matching(NAME_PATTERN, "This must be one line of visible text without control characters.")
_check_line = _matching(LINE_PATTERN, "This must be one line of text without control characters.")


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


TEXT_RULES: dict[str, Callable[[str], str | None]] = {
    "name": _name,
    "line": _line,
    "uri": _matching(r"[A-Za-z][A-Za-z0-9+.-]*:[!-;=?-~]*[!-;=?-~]", "This must be an absolute URI."),
    "url": _matching(r"https?://[!-;=?-~]+", "This must be an address that begins with https:// or http://."),
    "country": country_error,
    "language": _matching(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", "This must be a language tag such as de or pt-BR."),
    "media_type": _matching(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*(?:; ?[!-~]+)?", "This is not a media type."),
    "sha256": _matching(r"[0-9a-f]{64}", "A SHA-256 digest must have 64 hexadecimal digits in lower case."),
    "unit": _matching(r"[A-Z0-9]{2,3}", "A unit must be a code of UN/CEFACT Recommendation 20, such as KGM."),
    "gtin": _gtin,
    "gln": _gln,
}
"""Rule → the check of a text, which returns the error message, or None if the text is valid."""

_Check = tuple[str, str, Callable[[str], str | None] | None, bool]
"""(attribute, encoded name, check of a text or None for a part, whether it is a list of parts)."""


def _checks(part: type[ContentPart]) -> tuple[_Check, ...]:
    """The checks that the types of `part` declare."""
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
            found.append((field.name, field.encode_name, TEXT_RULES[rule], False))
        elif isinstance(kind, inspect.StructType):
            found.append((field.name, field.encode_name, None, False))
        elif isinstance(kind, inspect.ListType) and isinstance(kind.item_type, inspect.StructType):
            found.append((field.name, field.encode_name, None, True))
    return tuple(found)


def _reader(names: Sequence[str]) -> Callable[[ContentPart], Sequence[Any]]:
    """Reads all these members in one call, because an import checks half a million contents."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda part: [getattr(part, name) for name in names]


_CHECKS: dict[type[ContentPart], tuple[tuple[_Check, ...], Callable[[ContentPart], Sequence[Any]]]] = {
    part: (_checks(part), _reader([check[0] for check in _checks(part)])) for part in ContentPart.__subclasses__()
}


def _check_part(part: ContentPart, at: str, errors: list[FieldError]) -> None:
    checks, values_of = _CHECKS[type(part)]
    for (_, encoded_name, rule, is_list), value in zip(checks, values_of(part), strict=True):
        if value is None:
            continue
        if rule is not None:
            message = rule(value)
            if message is not None:
                errors.append(field_error(at + encoded_name, message))
        elif is_list:
            for index, part_of_list in enumerate(value):
                _check_part(part_of_list, f"{at}{encoded_name}[{index}].", errors)
        else:
            _check_part(value, f"{at}{encoded_name}.", errors)
