"""Which parts of a product can a person fill in on its page, and what is said of the rest?

Fields have the names that the API has for them, so that whatever a refusal names can be pointed at.
"""

import re
from typing import Any, NamedTuple

import msgspec

from linkxg.console.page_forms import PageForm
from linkxg.products.diff_versions import changed_fields
from linkxg.products.model import ProductPatch, Shown

_PART = re.compile(r"[^.\[\]]+")
_HUMP = re.compile(r"(?<=[a-z])[A-Z]")
_LETTERS = {"gln", "gtin", "sku", "url"}
_LENGTH = re.compile(r"length (?P<which>[<>])= (?P<bound>\d+)")


class Field(NamedTuple):
    """`name` is that of the API, without `content.`; `longest` in characters."""

    name: str
    label: str
    longest: int
    hint: str = ""


GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    ("", (Field("name", "Name", 255),)),
    ("", (Field("sku", "SKU", 64), Field("gtin", "GTIN", 14))),
    ("", (Field("brand", "Brand", 255), Field("modelNumber", "Model number", 255))),
    ("", (Field("description", "Description", 10_000),)),
    (
        "Category",
        (
            Field("category.code", "Category code", 100, "A GPC brick or a UN CPC code."),
            Field("category.name", "Category name", 255),
        ),
    ),
    (
        "",
        (
            Field("category.schemeName", "Scheme name", 255),
            Field("category.schemeId", "Scheme address", 2_048),
        ),
    ),
    (
        "Made in",
        (
            Field("facility.name", "Facility", 255),
            Field("facility.gln", "Facility GLN", 13),
        ),
    ),
    (
        "",
        (
            Field("facility.country", "Facility country", 2, "Two letters, such as DE."),
            Field("countryOfProduction", "Country of production", 2, "Two letters, such as DE."),
        ),
    ),
)
FIELDS = tuple(field for _, fields in GROUPS for field in fields)
_ORDER = {field.name: place for place, field in enumerate(FIELDS)}
_LABELS = {field.name: field.label for field in FIELDS}


def present(shown: Shown) -> dict[str, str]:
    """What the fields of a product hold."""
    content = msgspec.json.decode(shown.content)
    head = {"sku": shown.head.sku, "gtin": shown.head.gtin or ""}
    return {field.name: head.get(field.name) or _at(content, field.name) for field in FIELDS}


def leaves(content: str) -> list[tuple[str, str]]:
    """(path, value) of everything that a content says, in the order of the form where that has it."""
    found = [(one.field, told(one.new)) for one in changed_fields({}, msgspec.json.decode(content)) if one.field]
    return sorted(found, key=lambda leaf: _ORDER.get(leaf[0], len(_ORDER)))


def patch_of(form: PageForm) -> ProductPatch:
    """The merge patch that a filled-in form is. Raises msgspec.ValidationError."""
    said: dict[str, Any] = {}
    for field in FIELDS:
        if field.name in ("sku", "gtin"):
            continue
        member, _, inner = field.name.partition(".")
        value = form.text(field.name).strip() or None
        if inner:
            said.setdefault(member, {})[inner] = value
        else:
            said[member] = value
    # Of these the form has every member, so one that is empty here holds nothing.
    for member in ("category", "facility"):
        if not any(said[member].values()):
            said[member] = None
    head = {"sku": form.text("sku").strip(), "gtin": form.text("gtin").strip() or None}
    return msgspec.convert({**head, "content": said}, ProductPatch)


def told(value: Any) -> str:
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
    length = _LENGTH.search(message)
    if detail["code"] == "missing" or (length and length["which"] == ">"):
        return f"{name} is missing."
    if length:
        return f"{name} is too long: at most {length['bound']} characters."
    return f"{name}: {message}"


def _at(content: dict[str, Any], name: str) -> str:
    value: Any = content
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return told(value)
