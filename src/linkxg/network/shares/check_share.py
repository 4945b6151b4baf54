"""Checks a share before anything is looked up."""

from collections.abc import Sequence

from linkxg.clock import LATEST_MS, read_rfc3339
from linkxg.http.schema_errors import FieldFault, fault
from linkxg.ids import is_uuid
from linkxg.network.check_fields import one_of
from linkxg.network.shares.content_paths import is_content_path
from linkxg.network.shares.model import (
    MAX_CATEGORY,
    MAX_FIELDS,
    MAX_PATH,
    MAX_TIERS,
    PASSPORT_ROLES,
    TRACEABILITIES,
    TYPES,
    VERSIONS,
    CreateShare,
    ShareTerms,
)


def check_share(given: CreateShare, now: int) -> tuple[ShareTerms, list[FieldFault]]:
    """The terms, and every fault; with a fault, the terms are of no use."""
    faults: list[FieldFault] = []
    type = one_of("type", given.type, TYPES, faults)
    _check_subject(given, faults)
    check_paths(given.fields, faults)
    versions = one_of("versions", given.versions, VERSIONS, faults)
    traceability = one_of("traceability", given.traceability, TRACEABILITIES, faults)
    if not 0 <= given.trace_tiers <= MAX_TIERS:
        faults.append(fault("traceTiers", f"Must be a whole number from 0 to {MAX_TIERS}."))
    elif given.trace_tiers and traceability != "GRAPH":
        faults.append(fault("traceTiers", "Only a share of the GRAPH has tiers."))
    if len(given.passport_roles) > len(PASSPORT_ROLES):
        faults.append(fault("passportRoles", f"At most {len(PASSPORT_ROLES)} roles."))
    for index, role in enumerate(given.passport_roles[: len(PASSPORT_ROLES)]):
        if role not in PASSPORT_ROLES:
            faults.append(fault(f"passportRoles[{index}]", f"Must be one of {', '.join(PASSPORT_ROLES)}."))
    expires_at = None if given.expires_at is None else check_expiry(given.expires_at, now, faults)
    return ShareTerms(
        type,
        given.product_id,
        given.category,
        None if given.fields is None else sorted(set(given.fields)),
        versions,
        traceability,
        given.trace_tiers,
        [role for role in PASSPORT_ROLES if role in given.passport_roles],
        expires_at,
    ), faults


def check_paths(fields: Sequence[str] | None, faults: list[FieldFault]) -> None:
    """Add the faults of paths in a content."""
    if fields is None:
        return
    if not 0 < len(fields) <= MAX_FIELDS:
        faults.append(fault("fields", f"List 1 to {MAX_FIELDS} fields, or leave it out for all."))
        return
    for index, path in enumerate(fields):
        if len(path) > MAX_PATH or not is_content_path(path):
            faults.append(fault(f"fields[{index}]", "No product has this field.", "unknown_field"))


def check_expiry(given: str, now: int, faults: list[FieldFault]) -> int | None:
    """The time in milliseconds; a time that is none, or not in the future, is a fault."""
    expires_at = read_rfc3339(given)
    if expires_at is None or expires_at > LATEST_MS:
        faults.append(fault("expiresAt", "Must be an RFC 3339 time such as 2027-03-01T00:00:00Z."))
    elif expires_at <= now:
        faults.append(past_expiry())
    return expires_at


def past_expiry() -> FieldFault:
    return fault("expiresAt", "Must be in the future.")


def _check_subject(given: CreateShare, faults: list[FieldFault]) -> None:
    for type, field, value in (("PRODUCT", "productId", given.product_id), ("CATEGORY", "category", given.category)):
        if given.type == type:
            if value is None:
                faults.append(fault(field, f"The field {field} is missing.", "missing"))
        elif value is not None and given.type in TYPES:
            faults.append(fault(field, f"Only a share of the type {type} has this field."))
    if given.type == "PRODUCT" and given.product_id is not None and not is_uuid(given.product_id):
        faults.append(fault("productId", UNKNOWN_PRODUCT))
    if given.category is not None and not 0 < len(given.category) <= MAX_CATEGORY:
        faults.append(fault("category", f"Must have 1 to {MAX_CATEGORY} characters."))


UNKNOWN_PRODUCT = "You have no product with this id."
