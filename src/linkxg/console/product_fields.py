"""The product fields that the form can edit, and how paths and values of all fields are written for people.

Fields have the names of the API, so that an error of the API can be shown at its field.
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


def field_values(shown: ProductView) -> dict[str, str]:
    """The values of the form for a product."""
    content = msgspec.json.decode(shown.content)
    head = {"sku": shown.head.sku, "gtin": shown.head.gtin or ""}
    return {field.name: head.get(field.name) or _at(content, field.name) for field in FIELDS}


def leaves(content: str) -> list[tuple[str, str]]:
    """(path, value) of every value in the content; fields of the form come first, in its order."""
    found = [
        (one.field, format_value(one.new)) for one in changed_fields({}, msgspec.json.decode(content)) if one.field
    ]
    return sorted(found, key=lambda leaf: _ORDER.get(leaf[0], len(_ORDER)))


def format_value(value: Any) -> str:
    """A value for people; empty for None."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def label(path: str) -> str:
    """The label of a field: `materials[0].massFraction` is "Materials 1, mass fraction"."""
    name = path.removeprefix("content.")
    return _LABELS.get(name) or _spell_path(name)


def _spell_path(name: str) -> str:
    member, _, own = name.partition(".")
    if member == "attributes" and own:
        # The account chose the name.
        return f"Attributes, {own}"
    spelled = ", ".join(map(_spell_part, _PART.findall(name))).replace(", #", " ")
    return spelled[:1].upper() + spelled[1:]


def _spell_part(part: str) -> str:
    """`massFraction` as "mass fraction"; an index counts from one."""
    if part.isdigit():
        return f"#{int(part) + 1}"
    return part.upper() if part in _LETTERS else _HUMP.sub(lambda hump: f" {hump[0].lower()}", part)


class Missing(NamedTuple):
    """A field that publishing requires; `anchor` is the form's field for it, if there is one."""

    name: str
    message: str
    anchor: str | None


def missing_field(detail: dict[str, str]) -> Missing:
    """The missing field of an error detail."""
    path = detail["field"].removeprefix("content.")
    anchor = next((field.name for field in FIELDS if f"{field.name}.".startswith(f"{path}.")), None)
    return Missing(label(path), detail["message"], anchor)


def sentence_of(detail: dict[str, str]) -> str:
    """An error detail as a sentence."""
    name, message = label(detail["field"]), detail["message"]
    if detail["code"] == "missing" or message.startswith(TOO_SHORT):
        return f"{name} is missing."
    if message.startswith(TOO_LONG):
        return f"{name} is {message[0].lower()}{message[1:]}"
    # A message such as "A GTIN must have…" names its field itself.
    return message if f" {name} " in message else f"{name}: {message}"


def form_errors(error: ValidationFailed, *, prefix: str = "f-") -> FormErrors:
    """The details of the error, at the fields of the form that they name."""
    names = {field.name for field in FIELDS}
    found = []
    for detail in error.details or ():
        path = detail["field"].removeprefix("content.")
        # The error of an object, such as a category without its code, is shown at its first field.
        field = path if path in names else next((name for name in _ORDER if name.startswith(f"{path}.")), "")
        found.append((field, sentence_of(detail)))
    return FormErrors(found or [("", error.description)], prefix=prefix)


def _at(content: dict[str, Any], name: str) -> str:
    value: Any = content
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return format_value(value)
