"""The form of a product: what it was opened with, what this person changed, and what somebody else changed meanwhile.

The form carries a digest of each value that it was opened with. So only what the person changed is sent on, and a
field that another person changed at the same time is seen, whatever a browser does to line ends and spaces. Settings of
clients and members carry the values themselves (`edits.py`): they are short, and lists among them are merged.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import UNSET

from linkxg.catalog.identifiers.read_typed import typed_gln, typed_gtin
from linkxg.catalog.products.model import ProductPatch
from linkxg.catalog.products.read_country import read_country
from linkxg.console.page_forms import PageForm
from linkxg.console.product_fields import COUNTRIES, FIELDS, GLN

MULTILINE = frozenset({"description"})
_LINE_END = re.compile(r"\r\n?|\n")
_GROUPS = ("category", "facility")
NAMES = frozenset(field.name for field in FIELDS)
_MARK = 12
"""Characters of a digest: 72 bits, far more than a person can change a text by chance."""


class ProductEdit(NamedTuple):
    """`mine` is what this person changed, `theirs` what others did since the form was opened, `both` the overlap."""

    mine: dict[str, str]
    theirs: list[str]
    both: list[str]


def as_shown(name: str, value: str) -> str:
    """A value as its field can hold it: a browser keeps one kind of line end, and none in a field of one line."""
    return _LINE_END.sub("\n" if name in MULTILINE else " ", value)


def opened_with(stored: Mapping[str, str]) -> str:
    """The hidden field: a digest of each value, by name."""
    return " ".join(f"{name}={_mark(as_shown(name, value))}" for name, value in stored.items())


def opened_again(form: PageForm, edit: ProductEdit, stored: Mapping[str, str]) -> str:
    """The same for a form that is shown again: what it was first opened with, and where both changed, what is now."""
    now = {name: value for name, value in stored.items() if name in edit.both or not form.has("opened")}
    opened = _read_opened(form.text("opened")) | _read_opened(opened_with(now))
    return " ".join(f"{name}={mark}" for name, mark in opened.items())


def read_edit(form: PageForm, stored: Mapping[str, str], revision: int) -> ProductEdit:
    """Which fields were changed by whom. `stored` is what the product says now, at this revision."""
    if not form.has("opened") and form.text("revision") == str(revision):
        opened = _read_opened(opened_with(stored))
    else:
        # A field without a digest counts as changed by somebody else: it is asked about, never overwritten.
        opened = _read_opened(form.text("opened"))
    edit = ProductEdit({}, [], [])
    for field in FIELDS:
        name, now = field.name, as_shown(field.name, stored[field.name])
        moved = opened.get(name) != _mark(now)
        if moved:
            edit.theirs.append(name)
        sent = as_shown(name, form.text(name))
        if not form.has(name) or sent == now or opened.get(name) == _mark(sent):
            continue
        if form.text(f"choice.{name}") == "theirs":
            continue
        edit.mine[name] = sent
        if moved:
            edit.both.append(name)
    return edit


def patch_of(mine: Mapping[str, str], stored: Mapping[str, str]) -> ProductPatch:
    """The merge patch of what was changed; not yet checked."""
    content: dict[str, Any] = {}
    head: dict[str, Any] = {}
    for name, text in mine.items():
        value = cleaned(name, text)
        member, _, inner = name.partition(".")
        if name in ("sku", "gtin"):
            head[name] = (value or "") if name == "sku" else value
        elif inner:
            content.setdefault(member, {})[inner] = value
        else:
            content[member] = value
    for group in _GROUPS:
        # Of these the form has every member: one whose fields are all empty is gone.
        if group in content and not any(
            mine.get(field.name, stored[field.name]).strip() for field in FIELDS if field.name.startswith(f"{group}.")
        ):
            content[group] = None
    return ProductPatch(**head, content=content or UNSET)


def cleaned(name: str, text: str) -> str | None:
    """What a person typed as the API takes it: a number without spaces, a country as its code; None for nothing."""
    if name == "gtin":
        text = typed_gtin(text)
    elif name in GLN:
        text = typed_gln(text)
    elif name in COUNTRIES:
        text = read_country(text)
    elif name not in MULTILINE:
        text = text.strip()
    return text if text.strip() else None


def read_as(mine: Mapping[str, str]) -> list[tuple[str, str]]:
    """(field, value) of what was understood otherwise than it was typed."""
    understood = [(name, cleaned(name, text)) for name, text in mine.items() if name == "gtin" or name in GLN]
    return [(name, value) for name, value in understood if value and value != mine[name].strip()]


def _mark(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:9]).decode()


def _read_opened(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split())
    return {name: mark for name, _, mark in pairs if name in NAMES and len(mark) == _MARK}
