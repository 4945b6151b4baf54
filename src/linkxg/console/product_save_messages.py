"""The messages after saving a product: what others changed in the meantime, and how numbers were read."""

from collections.abc import Iterable

from linkxg.catalog.products.model import Product, ProductView
from linkxg.console.form_errors import FormErrors
from linkxg.console.formatting import ago_rfc3339
from linkxg.console.guard import PageRequest
from linkxg.console.product_changes import SOMEBODY, DraftChange, change_of, changes_since
from linkxg.console.product_fields import field_values, label
from linkxg.console.product_form import ProductEdit, control_value, reinterpreted
from linkxg.console.three_way_merge import FieldConflict

NOTHING_CHANGED = "Nothing was changed, so nothing was saved."


async def conflicts_of(
    page: PageRequest, base: ProductView, edit: ProductEdit
) -> tuple[FormErrors, dict[str, FieldConflict]]:
    """The conflicting fields: who else changed each, and both values."""
    changes, stored = await _changes(page, base), field_values(base)
    errors, conflicts = FormErrors(prefix="f-"), {}
    for name in edit.both:
        change = change_of(changes, name)
        by = change.by if change and change.by != SOMEBODY else "somebody else"
        when = f", {ago_rfc3339(change.at)}" if change else ""
        errors.add(name, f"{label(name)} was changed by {by}{when}. Choose which value to keep.")
        conflicts[name] = FieldConflict(control_value(name, stored[name]), edit.mine[name])
    return errors, conflicts


async def saved_text(page: PageRequest, base: ProductView, edit: ProductEdit, product: Product) -> str:
    """`Saved.`, and anything that the person may not expect."""
    if product.revision == base.head.revision:
        return NOTHING_CHANGED
    sentences = ["Saved."]
    if theirs := [name for name in edit.theirs if name not in edit.mine]:
        changes = await _changes(page, base)
        authors = dict.fromkeys(found.by if (found := change_of(changes, name)) else SOMEBODY for name in theirs)
        sentences.append(
            f"{_listed(authors)} changed {_listed(map(label, theirs))} in the meantime; "
            f"{'that change is kept' if len(theirs) == 1 else 'those changes are kept'}."
        )
    if product.latest_version and page.form.text("draft") == str(product.latest_version):
        began = f"; this change is in the draft of version {product.draft_version}" if product.draft_version else ""
        sentences.append(f"Version {product.latest_version} was published in the meantime{began}.")
    sentences += [f"{label(name)}: read as {value}." for name, value in reinterpreted(edit.mine)]
    return " ".join(sentences)


async def _changes(page: PageRequest, base: ProductView) -> list[DraftChange]:
    revision = page.form.text("revision")
    since = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 16 else base.head.revision
    return await changes_since(page.database, page.account_id, base.head.id, since)


def _listed(names: Iterable[str]) -> str:
    """`A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
