"""Edits of a form that two people may have open at once: only what a person changed is sent on.

The form carries the values that it was opened with, as hidden fields `was.NAME`. A field that only one of the two
changed is no conflict; where both changed it differently, the page shows both values and asks (`m.conflict`).
The form of a product carries digests in place of the values (`product_form.py`): a description can be as long as the
form may be, and twice that does not fit. Here values are short, and the page can tell which of several was added.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from linkxg.console.form_errors import FormErrors
from linkxg.console.page_forms import PageForm

WAS, CHOICE = "was.", "choice."
ATTEMPTS = 3
"""How often a change is tried when a colleague saves in the same moment."""
BUSY = "Somebody else is changing this client right now. Wait a few seconds and save again."


class FieldConflict(NamedTuple):
    """A field that two people changed differently."""

    theirs: str
    mine: str


class Edit(NamedTuple):
    """`changed` is what the person changed; `meanwhile` are fields that somebody else changed, which stand."""

    changed: dict[str, str]
    conflicts: dict[str, FieldConflict]
    meanwhile: list[str]


def opened_with(form: PageForm, names: Iterable[str], now: Mapping[str, str]) -> dict[str, str]:
    """The values that the form was opened with; for a form that does not say, those of `now`."""
    given = {name for name, _ in form.pairs}
    return {name: form.text(WAS + name) if WAS + name in given else now[name] for name in names}


def merge(form: PageForm, mine: Mapping[str, str], theirs: Mapping[str, str]) -> Edit:
    """`mine` is what was posted, `theirs` what is stored now; both have the same names."""
    was = opened_with(form, theirs, theirs)
    edit = Edit({}, {}, [])
    for name, stored in theirs.items():
        wanted = was[name] if form.text(CHOICE + name) == "theirs" else mine[name]
        if wanted not in (was[name], stored):
            if stored == was[name]:
                edit.changed[name] = wanted
            else:
                edit.conflicts[name] = FieldConflict(stored, wanted)
        elif stored != was[name] and wanted != stored:
            edit.meanwhile.append(name)
    return edit


def conflict_errors(
    conflicts: Mapping[str, FieldConflict], labels: Mapping[str, str], authors: Mapping[str, str] = MappingProxyType({})
) -> FormErrors:
    """The errors of a page that asks which of two values is to be kept; `authors` are who changed them, and when."""
    found = FormErrors()
    for name in conflicts:
        by = authors.get(name, "somebody else while you worked")
        found.add(name, f"{labels[name]} was changed by {by}. Choose which value to keep.")
    return found
