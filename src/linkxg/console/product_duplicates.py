"""Errors of a duplicate SKU or GTIN, with a link to the product that has it."""

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.read_product import find_by_gtin, find_by_sku, read_product
from linkxg.catalog.products.viewer import Viewer
from linkxg.console.form_errors import ErrorLink, FormErrors
from linkxg.db import Database
from linkxg.errors import DuplicateGtin, DuplicateSku, NotFound

_TEXTS = {"sku": DuplicateSku.text, "gtin": DuplicateGtin.text}


async def duplicate_errors(
    database: Database,
    account_id: str,
    refused: DuplicateSku | DuplicateGtin,
    identifiers: dict[str, str | None],
    *,
    prefix: str = "",
) -> FormErrors:
    """`given` are the SKU and GTIN of the form."""
    errors = FormErrors(prefix=prefix)
    for detail in refused.details or ():
        field = detail["field"]
        errors.add(field, _TEXTS[field], await link_to_holder(database, account_id, field, identifiers.get(field)))
    return errors


async def add_duplicates(
    database: Database, account_id: str, errors: FormErrors, identifiers: dict[str, str | None]
) -> FormErrors:
    """`errors` of a form that was not written, with those of the SKU and GTIN that another product has."""
    for field, value in identifiers.items():
        holder = None if not value or errors.message(field) else await _find_holder(database, account_id, field, value)
        # The GTIN of an archived product is free.
        if holder is not None and (field == "sku" or holder.head.status != "ARCHIVED"):
            errors.add(field, _TEXTS[field], _link_to(holder))
    return errors


async def link_to_holder(database: Database, account_id: str, field: str, value: str | None) -> ErrorLink | None:
    """A link to the product that has it; None if none has it any more."""
    holder = await _find_holder(database, account_id, field, value or "")
    return None if holder is None else _link_to(holder)


async def _find_holder(database: Database, account_id: str, field: str, value: str) -> ProductView | None:
    viewer = Viewer(account_id)
    try:
        if field == "sku":
            found = await find_by_sku(database, viewer, value)
        else:
            found = await find_by_gtin(database, viewer, read_gtin(value).digits14)
        return await read_product(database, viewer, found)
    except (NotFound, NotAGtin):
        return None


def _link_to(holder: ProductView) -> ErrorLink:
    return ErrorLink(f"/products/{holder.head.id}", f"{read_content(holder.content).name} (SKU {holder.head.sku})")
