"""Validates the SKU and GTIN of a product."""

from msgspec import UNSET

from linkxg.catalog.identifiers.gtin import Gtin, NotAGtin, read_gtin
from linkxg.catalog.identifiers.sku import is_sku
from linkxg.catalog.products.check_content import FieldError, field_error
from linkxg.catalog.products.model import MAX_SKU_LENGTH, CreateProduct, ProductPatch, ProductRecord
from linkxg.errors import ValidationFailed


def sku_error(sku: str) -> FieldError | None:
    if not sku:
        return field_error("sku", "A SKU must have at least one character.", "missing")
    if len(sku) > MAX_SKU_LENGTH:
        return field_error("sku", f"A SKU must have at most {MAX_SKU_LENGTH} characters.")
    return (
        None if is_sku(sku) else field_error("sku", "A SKU must have visible characters, and spaces only between them.")
    )


def removed_gtin_error(head: ProductRecord, gtin14: str | None) -> FieldError | None:
    """A published product must keep a GTIN; it may get another one."""
    if gtin14 is None and head.latest_version is not None:
        return field_error("gtin", "A published product must keep a GTIN.")
    return None


def check_identifiers(request: CreateProduct | ProductPatch) -> tuple[Gtin | None, list[FieldError]]:
    """The GTIN of the request, if it has one, and the errors."""
    errors: list[FieldError] = []
    if request.sku is not UNSET and (invalid_sku := sku_error(request.sku)):
        errors.append(invalid_sku)
    gtin = None
    if isinstance(request.gtin, str):
        try:
            gtin = read_gtin(request.gtin)
        except NotAGtin as error:
            errors.append(field_error("gtin", str(error)))
    return gtin, errors


def validation_failed(errors: list[FieldError]) -> ValidationFailed:
    return ValidationFailed(f"The field {errors[0]['field']} is not valid.", details=errors)
