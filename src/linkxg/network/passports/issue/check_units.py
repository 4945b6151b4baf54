"""Checks the passports of batches and items that are to be issued, and reports every fault."""

import re
from typing import Any, NamedTuple

import msgspec

from linkxg.catalog.identifiers.digital_link import build_identifier
from linkxg.catalog.identifiers.keys import NotAnIdentifier
from linkxg.catalog.products.canonical import NotCanonical, canonical
from linkxg.catalog.products.content import MAX_MEMBER_NAME
from linkxg.errors import ValidationFailed
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.network.check_fields import one_of
from linkxg.network.passports.documents.build_document import DETAIL_DATES
from linkxg.network.passports.documents.model import LIFE_STATUSES, LifeStatus
from linkxg.network.passports.issue.model import MAX_DETAILS_BYTES, UnitPassport

MAX_FAULTS = 100
_ANY_GTIN = "00000000000000"
_ADDRESS = re.compile(r"https://[!-;=?-~]{1,2040}")


class CheckedUnit(NamedTuple):
    """`details` is canonical JSON; None without any."""

    lot: str
    serial: str
    details: str | None
    life_status: LifeStatus | None
    predecessor: str | None


def check_units(units: list[UnitPassport]) -> list[CheckedUnit]:
    """Raises ValidationFailed."""
    faults: list[FieldFault] = []
    checked: list[CheckedUnit] = []
    seen: set[tuple[str, str]] = set()
    for index, unit in enumerate(units):
        at = f"passports[{index}]"
        checked.append(_check(unit, at, faults))
        identity = checked[-1].lot, checked[-1].serial
        if identity in seen:
            faults.append(fault(at, "Another passport of this request has the same lot and serial.", "duplicate"))
        seen.add(identity)
        if len(faults) >= MAX_FAULTS:
            break
    if faults:
        raise ValidationFailed(details=faults[:MAX_FAULTS])
    return checked


def _check(unit: UnitPassport, at: str, faults: list[FieldFault]) -> CheckedUnit:
    _check_identity(unit, at, faults)
    life_status: LifeStatus | None = None
    if unit.life_status is not None:
        life_status = one_of(f"{at}.lifeStatus", unit.life_status, LIFE_STATUSES, faults)
    if unit.predecessor is not None and not _ADDRESS.fullmatch(unit.predecessor):
        faults.append(fault(f"{at}.predecessor", "This must be the address of a passport, which begins with https://."))
    if (unit.predecessor is None) != (life_status in (None, "original", "waste")):
        message = "A passport has a predecessor if the product is re-used, repurposed or remanufactured, and only then."
        faults.append(fault(f"{at}.predecessor", message))
    if unit.production_date and unit.expiry_date and unit.expiry_date < unit.production_date:
        faults.append(fault(f"{at}.expiryDate", "This is before the date of production."))
    details = _details(unit, at, faults)
    return CheckedUnit(unit.lot or "", unit.serial or "", details, life_status, unit.predecessor)


def _check_identity(unit: UnitPassport, at: str, faults: list[FieldFault]) -> None:
    if unit.lot is None and unit.serial is None:
        faults.append(fault(f"{at}.lot", "A lot or a serial number is required.", "missing"))
    for name, ai, value in (("lot", "10", unit.lot), ("serial", "21", unit.serial)):
        try:
            if value is not None:
                build_identifier("01", _ANY_GTIN, ((ai, value),))
        except NotAnIdentifier as error:
            faults.append(fault(f"{at}.{name}", str(error)))


def _details(unit: UnitPassport, at: str, faults: list[FieldFault]) -> str | None:
    given: dict[str, Any] = {
        "productionDate": unit.production_date,
        "expiryDate": unit.expiry_date,
        "attributes": unit.attributes or None,
        "access": unit.access or None,
    }
    details = {name: value for name, value in given.items() if value is not None}
    if not details:
        return None
    if unit.attributes and any(not 0 < len(name) <= MAX_MEMBER_NAME for name in unit.attributes):
        faults.append(
            fault(f"{at}.attributes", f"The name of a member must have at most {MAX_MEMBER_NAME} characters.")
        )
    for path in unit.access or ():
        if path not in DETAIL_DATES and not path.startswith("attributes."):
            message = "Access can be set for the two dates, and for attributes as attributes.NAME."
            faults.append(fault(f"{at}.access", message, "unknown_field"))
            break
    try:
        text = canonical(msgspec.to_builtins(details)).text
    except NotCanonical:
        faults.append(fault(f"{at}.attributes", "A number is too large; write it as text."))
        return None
    if len(text.encode()) > MAX_DETAILS_BYTES:
        faults.append(fault(at, f"As JSON, this may take at most {MAX_DETAILS_BYTES} bytes.", "too_large"))
    return text
