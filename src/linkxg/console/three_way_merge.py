"""Three-way merge of a form that two people may have open at once: only fields that a person changed are saved.

The form carries the values that it was opened with, as hidden fields `was.NAME`. A field that both changed differently
is a conflict: the page shows both values and asks (`m.conflict`). The product form carries digests instead
(`product_form.py`), because a description can be as long as a whole form.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from linkxg.console.form_errors import FormErrors
from linkxg.console.page_forms import PageForm

WAS, CHOICE, SHOWN = "was.", "choice.", "shown."
ATTEMPTS = 3
"""How often a change is retried after a concurrent save."""
BUSY = "Somebody else is changing this client right now. Wait a few seconds and save again."


class FieldConflict(NamedTuple):
    """A field that two people changed differently."""

    theirs: str
    mine: str

    @property
    def digest(self) -> str:
        """Of the value that the conflict page shows in the field."""
        return digest(self.mine)


class Edit(NamedTuple):
    """`changed` is what the person changed; `meanwhile` are fields that only somebody else changed, which are kept."""

    changed: dict[str, str]
    conflicts: dict[str, FieldConflict]
    meanwhile: list[str]


def digest(text: str) -> str:
    """72 bits in Base64."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:9]).decode()


def takes_theirs(form: PageForm, name: str, mine: str) -> bool:
    """Whether the person chose the other value of a conflict, and has not typed into the field since."""
    return form.text(CHOICE + name) == "theirs" and form.text(SHOWN + name) in ("", digest(mine))


def original_values(form: PageForm, names: Iterable[str], now: Mapping[str, str]) -> dict[str, str]:
    """The values that the form was opened with; those of `now` if the form has none."""
    return {name: form.text(WAS + name) if form.has(WAS + name) else now[name] for name in names}


def merge(form: PageForm, mine: Mapping[str, str], theirs: Mapping[str, str]) -> Edit:
    """`mine` is what was posted, `theirs` what is stored; both have the same names."""
    was = original_values(form, theirs, theirs)
    edit = Edit({}, {}, [])
    for name, stored in theirs.items():
        value = was[name] if takes_theirs(form, name, mine[name]) else mine[name]
        if value not in (was[name], stored):
            if stored == was[name]:
                edit.changed[name] = value
            else:
                edit.conflicts[name] = FieldConflict(stored, value)
        elif stored != was[name] and value != stored:
            edit.meanwhile.append(name)
    return edit


def conflict_errors(
    conflicts: Mapping[str, FieldConflict], labels: Mapping[str, str], authors: Mapping[str, str] = MappingProxyType({})
) -> FormErrors:
    """One error for each conflict; `authors` says who changed the field, and when."""
    found = FormErrors()
    for name in conflicts:
        by = authors.get(name, "somebody else while you worked")
        found.add(name, f"{labels[name]} was changed by {by}. Choose which value to keep.")
    return found
