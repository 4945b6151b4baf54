"""The page of one product, as it is stored or with the entries of a form that was refused."""

from collections.abc import Mapping

from litestar import Response

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.countries import NAMES
from linkxg.catalog.products.list_versions import list_versions
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.publish_requirements import missing_for_publishing
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.used_countries import used_countries
from linkxg.console.console_services import Services
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import page
from linkxg.console.product_fields import COUNTRIES, GLN, GROUPS, present, to_fill_in
from linkxg.console.product_form import ProductEdit, as_shown, opened_again, opened_with
from linkxg.console.product_summary import product_summary
from linkxg.console.three_way_merge import FieldConflict

SHOWN_VERSIONS = 50
_ALL_COUNTRIES = sorted(NAMES.items(), key=lambda pair: pair[1].replace("Å", "A"))


async def show_product(
    parts: Services,
    visit: PageRequest,
    product_id: str,
    *,
    errors: FormErrors | None = None,
    base: ProductView | None = None,
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
    missing = missing_for_publishing(head, content) if head.draft_version else []
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
        used_countries=await used_countries(parts.database, visit.viewer) if editable else [],
        parts=product_summary(content),
        missing=[to_fill_in(one) for one in missing],
        versions=rows,
        more=more,
        may_write=may_write,
        editable=editable,
        errors=errors or FormErrors(),
    )
