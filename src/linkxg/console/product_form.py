"""Three-way merge of the product form: what this person changed, and what others changed since it was opened.

The form carries a digest of each value that it was opened with. Only fields that the person changed are saved, and
concurrent changes are detected whatever a browser does to line breaks and spaces. Settings of clients and members
carry the values themselves (`three_way_merge.py`): they are short, and lists among them are merged.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import UNSET

from linkxg.catalog.identifiers.read_typed import typed_gln, typed_gtin
from linkxg.catalog.products.model import ProductPatch
from linkxg.catalog.products.read_country import read_country
from linkxg.console.page_forms import PageForm
from linkxg.console.product_fields import COUNTRIES, FIELDS, GLN
from linkxg.console.three_way_merge import digest, takes_theirs

MULTILINE = frozenset({"description"})
_LINE_END = re.compile(r"\r\n?|\n")
_GROUPS = ("category", "facility")
NAMES = frozenset(field.name for field in FIELDS)
_DIGEST_LENGTH = 12
"""Base64 characters: 72 bits."""


class ProductEdit(NamedTuple):
    """`mine` is what this person changed, `theirs` what others did since the form was opened, `both` the overlap."""

    mine: dict[str, str]
    theirs: list[str]
    both: list[str]


def control_value(name: str, value: str) -> str:
    """The value as its control holds it: one kind of line break, and none in a single-line field."""
    return _LINE_END.sub("\n" if name in MULTILINE else " ", value)


def digests_of(stored: Mapping[str, str]) -> str:
    """The hidden field: a digest of each value, by name."""
    return " ".join(f"{name}={digest(control_value(name, value))}" for name, value in stored.items())


def digests_again(form: PageForm, edit: ProductEdit, stored: Mapping[str, str]) -> str:
    """The same for a form shown again: the first digests, but of conflicting fields those of the stored values."""
    now = {name: value for name, value in stored.items() if name in edit.both or not form.has("opened")}
    opened = _read_digests(form.text("opened")) | _read_digests(digests_of(now))
    return " ".join(f"{name}={value}" for name, value in opened.items())


def read_edit(form: PageForm, stored: Mapping[str, str], revision: int) -> ProductEdit:
    """Which fields were changed by whom; `stored` are the values of the product at this revision."""
    if not form.has("opened") and form.text("revision") == str(revision):
        opened = _read_digests(digests_of(stored))
    else:
        # A field without a digest counts as changed by somebody else: it is a conflict, never overwritten.
        opened = _read_digests(form.text("opened"))
    edit = ProductEdit({}, [], [])
    for field in FIELDS:
        name, now = field.name, control_value(field.name, stored[field.name])
        moved = opened.get(name) != digest(now)
        if moved:
            edit.theirs.append(name)
        sent = control_value(name, form.text(name))
        if not form.has(name) or sent == now or opened.get(name) == digest(sent):
            continue
        if takes_theirs(form, name, sent):
            continue
        edit.mine[name] = sent
        if moved:
            edit.both.append(name)
    return edit


def merge_patch(mine: Mapping[str, str], stored: Mapping[str, str]) -> ProductPatch:
    """The JSON merge patch of the changed fields, not validated."""
    content: dict[str, Any] = {}
    head: dict[str, Any] = {}
    for name, text in mine.items():
        value = normalised(name, text)
        member, _, inner = name.partition(".")
        if name in ("sku", "gtin"):
            head[name] = (value or "") if name == "sku" else value
        elif inner:
            content.setdefault(member, {})[inner] = value
        else:
            content[member] = value
    for group in _GROUPS:
        # The form has every member of these: one whose fields are all empty is removed.
        if group in content and not any(
            mine.get(field.name, stored[field.name]).strip() for field in FIELDS if field.name.startswith(f"{group}.")
        ):
            content[group] = None
    return ProductPatch(**head, content=content or UNSET)


def normalised(name: str, text: str) -> str | None:
    """The input as the API takes it: numbers without spaces, country codes; None for an empty field."""
    if name == "gtin":
        text = typed_gtin(text)
    elif name in GLN:
        text = typed_gln(text)
    elif name in COUNTRIES:
        text = read_country(text)
    elif name not in MULTILINE:
        text = text.strip()
    return text if text.strip() else None


def reinterpreted(mine: Mapping[str, str]) -> list[tuple[str, str]]:
    """(field, value) of numbers that were read differently from what was typed."""
    values = [(name, normalised(name, text)) for name, text in mine.items() if name == "gtin" or name in GLN]
    return [(name, value) for name, value in values if value and value != mine[name].strip()]


def _read_digests(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split())
    return {name: value for name, _, value in pairs if name in NAMES and len(value) == _DIGEST_LENGTH}
