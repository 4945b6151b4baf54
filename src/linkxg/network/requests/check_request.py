"""Checks a request before anything is looked up."""

from typing import NamedTuple

from linkxg.catalog.identifiers.digital_link import read_digital_link
from linkxg.catalog.identifiers.epc_urn import read_epc_urn
from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.errors import ValidationFailed
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.network.check_fields import check_text, one_of
from linkxg.network.requests.model import (
    MAX_ITEM,
    MAX_PRODUCT_ID,
    REQUEST_TYPES,
    CreateShareRequest,
    RequestType,
    Subject,
)


class CheckedRequest(NamedTuple):
    type: RequestType
    subject: Subject
    purpose: str


def check_request(given: CreateShareRequest) -> CheckedRequest:
    """Raises ValidationFailed with every fault."""
    faults: list[FieldFault] = []
    type = one_of("type", given.type, REQUEST_TYPES, faults)
    subjects = _subjects(given, faults)
    if sum(one is not None for one in (given.gtin, given.product_id, given.item)) != 1:
        faults.append(fault("gtin", "Give exactly one of gtin, productId and item."))
    if not given.purpose.strip():
        faults.append(fault("purpose", "Say what it is needed for.", "required"))
    check_text("purpose", given.purpose, faults)
    if faults:
        raise ValidationFailed(details=faults)
    return CheckedRequest(type, subjects[0], given.purpose)


def _subjects(given: CreateShareRequest, faults: list[FieldFault]) -> list[Subject]:
    found = []
    if given.gtin is not None:
        try:
            found.append(Subject("gtin", read_gtin(given.gtin).digits14))
        except NotAGtin as error:
            faults.append(fault("gtin", str(error)))
    if given.product_id is not None:
        if (
            0 < len(given.product_id) <= MAX_PRODUCT_ID
            and given.product_id.isascii()
            and given.product_id.isprintable()
        ):
            found.append(Subject("productId", given.product_id))
        else:
            faults.append(fault("productId", "This is not the id of a product."))
    if given.item is not None:
        try:
            found.append(Subject("item", _read_item(given.item)))
        except NotAnIdentifier as error:
            faults.append(fault("item", str(error)))
    return found


def _read_item(text: str) -> str:
    """The normal form of a Digital Link or EPC URN. Raises NotAnIdentifier."""
    read = read_epc_urn if text.lower().startswith("urn:") else read_digital_link
    uri = read(text).uri
    if len(uri) > MAX_ITEM:
        raise NotAnIdentifier(f"At most {MAX_ITEM} characters.")
    return uri
