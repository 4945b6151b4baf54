"""The error for a SKU or GTIN that another product of the account has; `details` name that product."""

from linkxg.catalog.products.store import DuplicateHolder
from linkxg.errors import DuplicateGtin, DuplicateSku


def duplicate_error(
    of_sku: DuplicateHolder | None, of_gtin: DuplicateHolder | None
) -> DuplicateSku | DuplicateGtin | None:
    """None if neither is a duplicate; `details` name both fields if both are."""
    details = [
        {
            "field": field,
            "code": f"duplicate_{field}",
            "message": f"The product {holder.id} with the SKU {holder.sku} already has this {field.upper()}.",
        }
        for field, holder in (("sku", of_sku), ("gtin", of_gtin))
        if holder is not None
    ]
    if not details:
        return None
    return DuplicateSku(details=details) if of_sku else DuplicateGtin(details=details)
