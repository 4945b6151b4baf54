"""Checks an approval before anything is looked up."""

from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from linkxg.catalog.products.content import MEMBERS
from linkxg.clock import now_ms
from linkxg.errors import ValidationFailed
from linkxg.http.schema_errors import FieldFault
from linkxg.network.requests.model import ApproveShareRequest

Traceability = Literal["NONE", "EVENTS", "GRAPH"]
MAX_FIELDS, MAX_PATH = 50, 200
_VERSIONS = ("LATEST", "ALL")
_TRACEABILITIES: tuple[Traceability, ...] = ("NONE", "EVENTS", "GRAPH")
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


class Approval(NamedTuple):
    """What is shared; `traceability` is None where the type of the request decides."""

    expires_at: int
    fields: list[str] | None
    versions: str
    traceability: Traceability | None
    product_id: str | None


def check_approval(given: ApproveShareRequest) -> Approval:
    """Raises ValidationFailed with every fault."""
    faults: list[FieldFault] = []
    expires_at = _milliseconds(given.expires_at)
    if expires_at is None:
        faults.append(_fault("expiresAt", "invalid", "Must be an RFC 3339 time such as 2027-03-01T00:00:00Z."))
    elif expires_at <= now_ms():
        faults.append(_fault("expiresAt", "invalid", "Must be in the future."))
    _check_fields(given.fields, faults)
    if given.versions not in _VERSIONS:
        faults.append(_fault("versions", "invalid", f"Must be one of {', '.join(_VERSIONS)}."))
    traceability = next((one for one in _TRACEABILITIES if one == given.traceability), None)
    if given.traceability is not None and traceability is None:
        faults.append(_fault("traceability", "invalid", f"Must be one of {', '.join(_TRACEABILITIES)}."))
    if faults or expires_at is None:
        raise ValidationFailed(details=faults)
    return Approval(expires_at, given.fields, given.versions, traceability, given.product_id)


def _check_fields(fields: list[str] | None, faults: list[FieldFault]) -> None:
    if fields is None:
        return
    if not 0 < len(fields) <= MAX_FIELDS:
        faults.append(_fault("fields", "invalid", f"List 1 to {MAX_FIELDS} fields, or leave it out for all."))
        return
    for index, path in enumerate(fields):
        names = path.split(".")
        if len(path) > MAX_PATH or names[0] not in MEMBERS or not all(names) or not path.isascii():
            faults.append(_fault(f"fields[{index}]", "unknown_field", "No product has this field."))


def _milliseconds(text: str) -> int | None:
    try:
        at = msgspec.convert(text, datetime, strict=True)
    except msgspec.ValidationError:
        return None
    return None if at.tzinfo is None else (at - _EPOCH) // _MILLISECOND


def _fault(field: str, code: str, message: str) -> FieldFault:
    return {"field": field, "code": code, "message": message}
