"""The fields that the UNTP Digital Product Passport 0.7.0 requires of a product before it is published.

They are those of `Product` and of the classifications, facilities and materials in it.
"""

from collections.abc import Iterator

from linkxg.catalog.products.check_content import FieldError, field_error
from linkxg.catalog.products.content import Category, Content, Facility, Material
from linkxg.catalog.products.model import ProductRecord

MESSAGES = {
    "gtin": "The GTIN is missing; it identifies the product to everybody else.",
    "content.category": "The category is missing: a GPC brick or a UN CPC code, with its scheme.",
    "content.category.name": "The name of the category is missing.",
    "content.category.schemeId": "The address of the category's scheme is missing.",
    "content.category.schemeName": "The name of the category's scheme is missing.",
    "content.facility": "The facility where the product is made is missing.",
    "content.facility.name": "The name of the facility is missing.",
    "content.facility.gln": "The GLN of the facility is missing.",
    "content.countryOfProduction": "The country where the product is made is missing.",
}
_MATERIAL_MESSAGES = {
    "mass_fraction": ("massFraction", "Its share of the product's mass is missing."),
    "origin_country": ("originCountry", "The country that it comes from is missing."),
    "code": ("code", "The code of its kind is missing."),
    "scheme_id": ("schemeId", "The address of the code's scheme is missing."),
}


def missing_for_publishing(head: ProductRecord, content: Content) -> list[FieldError]:
    """Every missing field, in the order of the content."""
    missing = [field_error(field, MESSAGES[field], "missing") for field in _fields(head, content)]
    for index, material in enumerate(content.materials or ()):
        missing += _material_fields(index, material)
    return missing


def _fields(head: ProductRecord, content: Content) -> Iterator[str]:
    if head.gtin14 is None:
        yield "gtin"
    yield from _category_fields(content.category)
    yield from _facility_fields(content.facility)
    if content.country_of_production is None:
        yield "content.countryOfProduction"


def _category_fields(category: Category | None) -> Iterator[str]:
    if category is None:
        yield "content.category"
        return
    if not category.name:
        yield "content.category.name"
    if category.scheme_id is None:
        yield "content.category.schemeId"
    if not category.scheme_name:
        yield "content.category.schemeName"


def _facility_fields(facility: Facility | None) -> Iterator[str]:
    if facility is None:
        yield "content.facility"
        return
    if not facility.name:
        yield "content.facility.name"
    if facility.gln is None:
        yield "content.facility.gln"


def _material_fields(index: int, material: Material) -> Iterator[FieldError]:
    for name, (encoded_name, message) in _MATERIAL_MESSAGES.items():
        if getattr(material, name) in (None, ""):
            yield field_error(f"content.materials[{index}].{encoded_name}", message, "missing")
