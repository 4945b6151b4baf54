"""The fields of a product that its page can edit, and how paths and values of the rest are written for people.

Fields have the names that the API has for them, so that whatever a refusal names can be pointed at.
"""

import re
from typing import Any, NamedTuple

import msgspec

from linkxg.catalog.products.diff_versions import changed_fields
from linkxg.catalog.products.model import ProductView
from linkxg.console.form_errors import FormErrors
from linkxg.errors import ValidationFailed
from linkxg.http.schema_errors import TOO_LONG, TOO_SHORT

_PART = re.compile(r"[^.\[\]]+")
_HUMP = re.compile(r"(?<=[a-z])[A-Z]")
_LETTERS = {"gln", "gtin", "sku", "url"}


class Field(NamedTuple):
    """`name` is that of the API, without `content.`."""

    name: str
    label: str
    hint: str = ""


GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    ("", (Field("name", "Name"),)),
    (
        "",
        (
            Field("sku", "SKU"),
            Field("gtin", "GTIN", "Digits, a GS1 Digital Link, or (01) and 14 digits."),
        ),
    ),
    ("", (Field("brand", "Brand"), Field("modelNumber", "Model number"))),
    ("", (Field("description", "Description"),)),
    (
        "Category",
        (
            Field("category.code", "Category code", "A GPC brick or a UN CPC code."),
            Field("category.name", "Category name"),
        ),
    ),
    ("", (Field("category.schemeName", "Scheme name"), Field("category.schemeId", "Scheme address"))),
    ("Made in", (Field("facility.name", "Facility"), Field("facility.gln", "Facility GLN"))),
    (
        "",
        (
            Field("facility.country", "Facility country"),
            Field("countryOfProduction", "Country of production"),
        ),
    ),
)
FIELDS = tuple(field for _, fields in GROUPS for field in fields)
COUNTRIES = frozenset({"facility.country", "countryOfProduction"})
GLN = frozenset({"facility.gln"})
_ORDER = {field.name: place for place, field in enumerate(FIELDS)}
_LABELS = {field.name: field.label for field in FIELDS}


def present(shown: ProductView) -> dict[str, str]:
    """What the fields of a product hold."""
    content = msgspec.json.decode(shown.content)
    head = {"sku": shown.head.sku, "gtin": shown.head.gtin or ""}
    return {field.name: head.get(field.name) or _at(content, field.name) for field in FIELDS}


def leaves(content: str) -> list[tuple[str, str]]:
    """(path, value) of everything that a content says, in the order of the form where that has it."""
    found = [
        (one.field, format_value(one.new)) for one in changed_fields({}, msgspec.json.decode(content)) if one.field
    ]
    return sorted(found, key=lambda leaf: _ORDER.get(leaf[0], len(_ORDER)))


def format_value(value: Any) -> str:
    """A value as a person reads it; nothing where there is none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def label(path: str) -> str:
    """What the page calls a field of the API: `materials[0].massFraction` is "Materials 1, mass fraction"."""
    name = path.removeprefix("content.")
    return _LABELS.get(name) or _spelled(name)


def _spelled(name: str) -> str:
    member, _, own = name.partition(".")
    if member == "attributes" and own:
        # Named by the account itself.
        return f"Attributes, {own}"
    spelled = ", ".join(map(_words, _PART.findall(name))).replace(", #", " ")
    return spelled[:1].upper() + spelled[1:]


def _words(part: str) -> str:
    """`massFraction` as "mass fraction"; a place in a list counted from one."""
    if part.isdigit():
        return f"#{int(part) + 1}"
    return part.upper() if part in _LETTERS else _HUMP.sub(lambda hump: f" {hump[0].lower()}", part)


class Missing(NamedTuple):
    """`anchor` is the field of the form to go to, if the form has one."""

    name: str
    message: str
    anchor: str | None


def to_fill_in(detail: dict[str, str]) -> Missing:
    """What is missing, as its list on the page tells it."""
    path = detail["field"].removeprefix("content.")
    anchor = next((field.name for field in FIELDS if f"{field.name}.".startswith(f"{path}.")), None)
    return Missing(label(path), detail["message"], anchor)


def in_words(detail: dict[str, str]) -> str:
    """A detail of a refusal as a sentence."""
    name, message = label(detail["field"]), detail["message"]
    if detail["code"] == "missing" or message.startswith(TOO_SHORT):
        return f"{name} is missing."
    if message.startswith(TOO_LONG):
        return f"{name} is {message[0].lower()}{message[1:]}"
    return f"{name}: {message}"


def form_errors(error: ValidationFailed, *, prefix: str = "f-") -> FormErrors:
    """The details of a refusal, at the fields of the form that they name."""
    names = {field.name for field in FIELDS}
    found = []
    for detail in error.details or ():
        path = detail["field"].removeprefix("content.")
        # A member that the form has only in parts, such as a category without its code, is told at its first field.
        field = path if path in names else next((name for name in _ORDER if name.startswith(f"{path}.")), "")
        found.append((field, in_words(detail)))
    return FormErrors(found or [("", error.description)], prefix=prefix)


def _at(content: dict[str, Any], name: str) -> str:
    value: Any = content
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return format_value(value)
