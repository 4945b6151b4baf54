"""What the product page says after a save: what others changed meanwhile, and how numbers were read."""

from collections.abc import Iterable

from linkxg.catalog.products.model import Product, ProductView
from linkxg.console.form_errors import FormErrors
from linkxg.console.formatting import moment_ago
from linkxg.console.guard import PageRequest
from linkxg.console.product_changes import SOMEBODY, DraftChange, change_of, changes_since
from linkxg.console.product_fields import label, present
from linkxg.console.product_form import ProductEdit, as_shown, read_as
from linkxg.console.three_way_merge import FieldConflict
from linkxg.db import Database

NOTHING = "Nothing was changed, so nothing was saved."


async def conflicts_of(
    database: Database, visit: PageRequest, base: ProductView, edit: ProductEdit
) -> tuple[FormErrors, dict[str, FieldConflict]]:
    """Who changed each field that this person changed as well, and both values."""
    changes, stored = await _changes(database, visit, base), present(base)
    errors, conflicts = FormErrors(prefix="f-"), {}
    for name in edit.both:
        change = change_of(changes, name)
        by = change.by if change and change.by != SOMEBODY else "somebody else"
        when = f", {moment_ago(change.at)}" if change else ""
        errors.add(name, f"{label(name)} was changed by {by}{when}. Choose which value to keep.")
        conflicts[name] = FieldConflict(as_shown(name, stored[name]), edit.mine[name])
    return errors, conflicts


async def saved_text(
    database: Database, visit: PageRequest, base: ProductView, edit: ProductEdit, product: Product
) -> str:
    """`Saved.`, and what the person did not expect."""
    if product.revision == base.head.revision:
        return NOTHING
    said = ["Saved."]
    if theirs := [name for name in edit.theirs if name not in edit.mine]:
        changes = await _changes(database, visit, base)
        authors = dict.fromkeys(found.by if (found := change_of(changes, name)) else SOMEBODY for name in theirs)
        said.append(
            f"{_listed(authors)} changed {_listed(map(label, theirs))} in the meantime; "
            f"{'that change is kept' if len(theirs) == 1 else 'those changes are kept'}."
        )
    if product.latest_version and visit.form.text("draft") == str(product.latest_version):
        began = f"; this change is in the draft of version {product.draft_version}" if product.draft_version else ""
        said.append(f"Version {product.latest_version} was published in the meantime{began}.")
    said += [f"{label(name)}: read as {value}." for name, value in read_as(edit.mine)]
    return " ".join(said)


async def _changes(database: Database, visit: PageRequest, base: ProductView) -> list[DraftChange]:
    revision = visit.form.text("revision")
    since = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 16 else base.head.revision
    return await changes_since(database, visit.account_id, base.head.id, since)


def _listed(names: Iterable[str]) -> str:
    """`A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
