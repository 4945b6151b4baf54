"""The page of one product, as it is stored or with the entries of a form that was refused."""

from collections.abc import Mapping

from litestar import Response

from linkxg.console.edits import FieldConflict
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import Visit
from linkxg.console.pages import page
from linkxg.console.parts import Parts
from linkxg.console.product_fields import COUNTRIES, GLN, GROUPS, present, to_fill_in
from linkxg.console.product_form import ProductEdit, as_shown, opened_again, opened_with
from linkxg.console.product_said import said
from linkxg.products.content import read_content
from linkxg.products.countries import NAMES
from linkxg.products.find_missing import find_missing
from linkxg.products.list_versions import list_versions
from linkxg.products.model import Shown
from linkxg.products.read_product import read_product
from linkxg.products.used_countries import used_countries

SHOWN_VERSIONS = 50
_ALL_COUNTRIES = sorted(NAMES.items(), key=lambda pair: pair[1].replace("Å", "A"))


async def show_product(
    parts: Parts,
    visit: Visit,
    product_id: str,
    *,
    errors: FormErrors | None = None,
    base: Shown | None = None,
    edit: ProductEdit | None = None,
    conflicts: Mapping[str, FieldConflict] | None = None,
    status: int = 200,
) -> Response[str]:
    """With `edit`, what the person changed is in the fields, beside what `base` holds: `edit` was read against it."""
    base = base or await read_product(parts.database, visit.viewer, product_id, "base")
    head = base.head
    rows, more = await list_versions(parts.database, visit.viewer, product_id, before=None, limit=SHOWN_VERSIONS)
    stored = present(base)
    content = read_content(base.content)
    missing = find_missing(head, content) if head.draft_version else []
    may_write = "products:write" in visit.scopes
    editable = may_write and head.status != "ARCHIVED"
    return page(
        visit,
        "product.html",
        status=status,
        head=head,
        name=content.name,
        groups=GROUPS,
        countries=COUNTRIES,
        numbers=GLN | {"gtin"},
        filled={name: as_shown(name, value) for name, value in stored.items()} | (edit.mine if edit else {}),
        opened=opened_again(visit.form, edit, stored) if edit else opened_with(stored),
        revision=visit.form.text("revision") if edit else head.revision,
        unsaved=len(edit.mine) if edit else 0,
        conflicts=conflicts or {},
        names=NAMES,
        all_countries=_ALL_COUNTRIES,
        used_countries=await used_countries(parts.database, visit.account_id) if editable else [],
        parts=said(content),
        missing=[to_fill_in(one) for one in missing],
        versions=rows,
        more=more,
        may_write=may_write,
        editable=editable,
        errors=errors or FormErrors(),
    )
