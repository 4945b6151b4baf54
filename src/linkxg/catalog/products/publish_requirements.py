"""What a draft lacks for publishing (UNTP DPP 0.7.0).

What the UN Transparency Protocol's Digital Product Passport requires of a product (UNTP DPP 0.7.0, `Product`, and of
the classifications, facilities and materials in it), told whole: somebody who fills in one thing after the other wants
one list.
"""

from collections.abc import Iterator

from linkxg.catalog.products.check_content import Fault, fault
from linkxg.catalog.products.content import Category, Content, Facility, Material
from linkxg.catalog.products.model import ProductRecord

MESSAGES = {
    "gtin": "A GTIN identifies the product to everybody else.",
    "content.category": "A category with its scheme, such as a GPC brick or a UN CPC code.",
    "content.category.name": "The name of the category.",
    "content.category.schemeId": "The address of the scheme that the category belongs to.",
    "content.category.schemeName": "The name of the scheme that the category belongs to.",
    "content.facility": "The facility where the product is made.",
    "content.facility.name": "The name of the facility.",
    "content.facility.gln": "The GLN of the facility.",
    "content.countryOfProduction": "The country where the product is made.",
}
_OF_MATERIAL = {
    "mass_fraction": ("massFraction", "Its share of the product's mass."),
    "origin_country": ("originCountry", "The country that it comes from."),
    "code": ("code", "The code of its kind."),
    "scheme_id": ("schemeId", "The address of the scheme that the code belongs to."),
}


def missing_for_publishing(head: ProductRecord, content: Content) -> list[Fault]:
    """Every field that has to be filled in first, in the order of the content."""
    found = [fault(field, MESSAGES[field], "missing") for field in _fields(head, content)]
    for place, material in enumerate(content.materials or ()):
        found += _of_material(place, material)
    return found


def _fields(head: ProductRecord, content: Content) -> Iterator[str]:
    if head.gtin14 is None:
        yield "gtin"
    yield from _of_category(content.category)
    yield from _of_facility(content.facility)
    if content.country_of_production is None:
        yield "content.countryOfProduction"


def _of_category(category: Category | None) -> Iterator[str]:
    if category is None:
        yield "content.category"
        return
    if not category.name:
        yield "content.category.name"
    if category.scheme_id is None:
        yield "content.category.schemeId"
    if not category.scheme_name:
        yield "content.category.schemeName"


def _of_facility(facility: Facility | None) -> Iterator[str]:
    if facility is None:
        yield "content.facility"
        return
    if not facility.name:
        yield "content.facility.name"
    if facility.gln is None:
        yield "content.facility.gln"


def _of_material(place: int, material: Material) -> Iterator[Fault]:
    for name, (written, says) in _OF_MATERIAL.items():
        if getattr(material, name) in (None, ""):
            yield fault(f"content.materials[{place}].{written}", says, "missing")
