"""Which texts, GTINs and attributes may a product have?

Types and lengths are checked where the body is read; here is what a type cannot say. A refusal names every field that
is wrong, not only the first.
"""

import re
from typing import Any

import msgspec

from linkxg.errors import ValidationFailed
from linkxg.products.gtin import Gtin, NotAGtin, read_gtin
from linkxg.products.model import (
    LINE_PATTERN,
    MAX_ATTRIBUTES,
    MAX_ATTRIBUTES_BYTES,
    NAME_PATTERN,
    SKU_PATTERN,
    NewProduct,
    ProductPatch,
)

_SKU, _NAME, _LINE = (re.compile(pattern) for pattern in (SKU_PATTERN, NAME_PATTERN, LINE_PATTERN))
_LINE_SAYS = "This is one line of text without control characters."
_RULES = {
    "sku": (_SKU, "A SKU has visible characters and, between them, spaces."),
    "name": (_NAME, "A name is one line of visible text without control characters."),
    "brand": (_LINE, _LINE_SAYS),
    "category": (_LINE, _LINE_SAYS),
}


def check_given(given: NewProduct | ProductPatch) -> Gtin | None:
    """The GTIN, if one is given. Raises ValidationFailed."""
    faults: list[dict[str, str]] = []
    for field, (pattern, says) in _RULES.items():
        value = getattr(given, field)
        if isinstance(value, str) and not pattern.fullmatch(value):
            faults.append(_fault(field, says))
    gtin = None
    if isinstance(given.gtin, str):
        try:
            gtin = read_gtin(given.gtin)
        except NotAGtin as error:
            faults.append(_fault("gtin", str(error)))
    # Those of a patch are judged when they have been merged.
    if isinstance(given, NewProduct) and given.attributes:
        faults.extend(_attribute_faults(given.attributes))
    if faults:
        raise _refusal(faults)
    return gtin


def attributes_refusal(attributes: dict[str, Any]) -> ValidationFailed | None:
    """What is wrong with attributes after a merge, if anything."""
    faults = _attribute_faults(attributes)
    return _refusal(faults) if faults else None


def _attribute_faults(attributes: dict[str, Any]) -> list[dict[str, str]]:
    if len(attributes) > MAX_ATTRIBUTES:
        return [_fault("attributes", f"There are at most {MAX_ATTRIBUTES} attributes.")]
    if len(msgspec.json.encode(attributes)) > MAX_ATTRIBUTES_BYTES:
        return [_fault("attributes", f"As JSON, attributes take at most {MAX_ATTRIBUTES_BYTES} bytes.")]
    return []


def _fault(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}


def _refusal(faults: list[dict[str, str]]) -> ValidationFailed:
    return ValidationFailed(f"The field {faults[0]['field']} is not valid.", details=faults)
