"""Which other product has the SKU or GTIN that was refused, as a message with a link to it."""

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.products.content import read_content
from linkxg.catalog.products.read_product import find_by_gtin, find_by_sku, read_product
from linkxg.catalog.products.viewer import Viewer
from linkxg.console.form_errors import ErrorLink, FormErrors
from linkxg.db import Database
from linkxg.errors import DuplicateGtin, DuplicateSku, NotFound

_TEXTS = {"sku": DuplicateSku.text, "gtin": DuplicateGtin.text}


async def taken_errors(
    database: Database,
    account_id: str,
    refused: DuplicateSku | DuplicateGtin,
    given: dict[str, str | None],
    *,
    prefix: str = "",
) -> FormErrors:
    """`given` are the SKU and GTIN that were asked for."""
    errors = FormErrors(prefix=prefix)
    for detail in refused.details or ():
        field = detail["field"]
        errors.add(field, _TEXTS[field], await holder_of(database, account_id, field, given.get(field)))
    return errors


async def holder_of(database: Database, account_id: str, field: str, value: str | None) -> ErrorLink | None:
    """The product that has it; none when it has been given up since."""
    viewer = Viewer(account_id)
    try:
        if field == "sku":
            found = await find_by_sku(database, viewer, value or "")
        else:
            found = await find_by_gtin(database, viewer, read_gtin(value or "").digits14)
        shown = await read_product(database, viewer, found)
    except (NotFound, NotAGtin):
        return None
    return ErrorLink(f"/products/{found}", f"{read_content(shown.content).name} (SKU {shown.head.sku})")
