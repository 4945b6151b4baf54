"""Checks an approval before anything is looked up."""

from typing import NamedTuple

from linkxg.clock import now_ms
from linkxg.errors import ValidationFailed
from linkxg.http.schema_errors import FieldFault
from linkxg.network.check_fields import one_of
from linkxg.network.requests.model import ApproveShareRequest
from linkxg.network.shares.check_share import check_expiry, check_paths
from linkxg.network.shares.model import TRACEABILITIES, VERSIONS, SharedVersions, ShareTerms, Traceability


class Approval(NamedTuple):
    """What is shared of the product."""

    fields: list[str] | None
    versions: SharedVersions
    traceability: Traceability | None
    expires_at: int

    def terms(self, product_id: str, request_type: str) -> ShareTerms:
        by_type: Traceability = "EVENTS" if request_type == "TRACE" else "NONE"
        traceability = self.traceability or by_type
        return ShareTerms(
            "PRODUCT", product_id, None, self.fields, self.versions, traceability, 0, [], self.expires_at
        )  # fmt: skip


def check_approval(given: ApproveShareRequest) -> Approval:
    """Raises ValidationFailed with every fault."""
    faults: list[FieldFault] = []
    expires_at = check_expiry(given.expires_at, now_ms(), faults)
    check_paths(given.fields, faults)
    versions = one_of("versions", given.versions, VERSIONS, faults)
    traceability = None
    if given.traceability is not None:
        traceability = one_of("traceability", given.traceability, TRACEABILITIES, faults)
    if faults or expires_at is None:
        raise ValidationFailed(details=faults)
    fields = None if given.fields is None else sorted(set(given.fields))
    return Approval(fields, versions, traceability, expires_at)
