"""Renders the page of one product, as stored or with the input of a rejected form."""

from collections.abc import Mapping

from litestar import Response

from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.countries import NAMES
from linkxg.catalog.products.list_versions import list_versions
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.publish_requirements import missing_for_publishing
from linkxg.catalog.products.read_product import read_product
from linkxg.catalog.products.used_countries import used_countries
from linkxg.console.form_errors import FormErrors
from linkxg.console.guard import PageRequest
from linkxg.console.pages import render
from linkxg.console.product_fields import COUNTRIES, GLN, GROUPS, field_values, missing_field
from linkxg.console.product_form import ProductEdit, control_value, digests_again, digests_of
from linkxg.console.product_summary import product_summary
from linkxg.console.three_way_merge import FieldConflict
from linkxg.network.shares.read_shares import list_shares_of_product
from linkxg.network.shares.summary import count_fields

SHOWN_VERSIONS = 50
SHOWN_VIEWERS = 20
_ALL_COUNTRIES = sorted(NAMES.items(), key=lambda pair: pair[1].replace("Å", "A"))


async def show_product(
    page: PageRequest,
    product_id: str,
    *,
    errors: FormErrors | None = None,
    base: ProductView | None = None,
    edit: ProductEdit | None = None,
    conflicts: Mapping[str, FieldConflict] | None = None,
    status: int = 200,
) -> Response[str]:
    """With `edit`, which was read against `base`, the fields hold the person's changes."""
    base = base or await read_product(page.database, page.viewer, product_id, "base")
    head = base.head
    rows, more = await list_versions(page.database, page.viewer, product_id, before=None, limit=SHOWN_VERSIONS)
    viewers, more_viewers = await list_shares_of_product(
        page.database, page.account_id, product_id, after="", limit=SHOWN_VIEWERS
    )
    stored = field_values(base)
    content = read_content(base.content)
    missing = missing_for_publishing(head, content) if head.draft_version else []
    may_write = "products:write" in page.scopes
    # The form of a product that was archived while somebody filled it in comes back with their input.
    editable = may_write and (head.status != "ARCHIVED" or edit is not None)
    return render(
        page,
        "product.html",
        status=status,
        head=head,
        name=content.name,
        groups=GROUPS,
        countries=COUNTRIES,
        numbers=GLN | {"gtin"},
        filled={name: control_value(name, value) for name, value in stored.items()} | (edit.mine if edit else {}),
        opened=digests_again(page.form, edit, stored) if edit else digests_of(stored),
        revision=page.form.text("revision") if edit else head.revision,
        unsaved=len(edit.mine) if edit else 0,
        conflicts=conflicts or {},
        names=NAMES,
        all_countries=_ALL_COUNTRIES,
        used_countries=await used_countries(page.database, page.viewer) if editable else [],
        summary=product_summary(content),
        missing=[missing_field(one) for one in missing],
        versions=rows,
        more=more,
        viewers=viewers,
        more_viewers=more_viewers,
        count_fields=count_fields,
        may_write=may_write,
        editable=editable,
        errors=errors,
    )
