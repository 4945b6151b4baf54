"""Validates the SKU and GTIN of a product."""

from msgspec import UNSET

from linkxg.catalog.identifiers.gtin import Gtin, NotAGtin, read_gtin
from linkxg.catalog.identifiers.sku import is_sku
from linkxg.catalog.products.check_content import Fault, fault
from linkxg.catalog.products.model import LONGEST_SKU, CreateProduct, ProductPatch, ProductRecord
from linkxg.errors import ValidationFailed


def sku_fault(sku: str) -> Fault | None:
    """What is wrong with a SKU, if anything."""
    if not sku:
        return fault("sku", "A SKU must have at least one character.", "missing")
    if len(sku) > LONGEST_SKU:
        return fault("sku", f"A SKU must have at most {LONGEST_SKU} characters.")
    return None if is_sku(sku) else fault("sku", "A SKU must have visible characters, and spaces only between them.")


def gtin_fault(head: ProductRecord, gtin14: str | None) -> Fault | None:
    """What was published under a GTIN keeps one; which one may be corrected."""
    if gtin14 is None and head.latest_version is not None:
        return fault("gtin", "A published product must keep a GTIN.")
    return None


def check_head(given: CreateProduct | ProductPatch) -> tuple[Gtin | None, list[Fault]]:
    """The GTIN, if one is given, and what is wrong."""
    faults: list[Fault] = []
    if given.sku is not UNSET and (wrong := sku_fault(given.sku)):
        faults.append(wrong)
    gtin = None
    if isinstance(given.gtin, str):
        try:
            gtin = read_gtin(given.gtin)
        except NotAGtin as error:
            faults.append(fault("gtin", str(error)))
    return gtin, faults


def refusal(faults: list[Fault]) -> ValidationFailed:
    """Of faults that there are."""
    return ValidationFailed(f"The field {faults[0]['field']} is not valid.", details=faults)
