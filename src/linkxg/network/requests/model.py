"""Requests as their two sides see them, and the bodies of their routes."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec

from linkxg.http.route_declaration import described
from linkxg.network.check_fields import MAX_TEXT
from linkxg.network.connections.model import PartnerAccount, Reason
from linkxg.network.shares.model import TRACEABILITIES, VERSIONS

RequestType = Literal["PRODUCT", "TRACE", "DPP"]
REQUEST_TYPES: tuple[RequestType, ...] = ("PRODUCT", "TRACE", "DPP")
RequestDirection = Literal["INCOMING", "OUTGOING"]
RequestStatus = Literal["PENDING", "APPROVED", "DECLINED", "CANCELLED"]
SubjectKind = Literal["gtin", "productId", "item"]
MAX_ITEM, MAX_PRODUCT_ID = 2_000, 36
MAX_PENDING = 1_000
"""Requests of one side of a connection that wait for a decision."""
_ID = "01a20900-46b1-7977-8501-b67e3b66cab2"
_TIME = "2027-03-01T00:00:00Z"


class Subject(NamedTuple):
    """What is requested, in normal form."""

    kind: SubjectKind
    value: str

    @property
    def text(self) -> str:
        """As stored."""
        return f"{self.kind}:{self.value}"


class ShareRequest(msgspec.Struct, rename="camel", kw_only=True):
    """A request for a share. One of `gtin`, `productId` and `item` is set; `shareId` after an approval."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": _ID,
        "direction": "INCOMING",
        "type": "PRODUCT",
        "status": "PENDING",
        "connectionId": _ID,
        "partner": {"accountId": _ID, "name": "Brand Ltd", "slug": "brand-ltd"},
        "gtin": "09520000002176",
        "purpose": "We need the fibre composition for our label.",
    }

    id: str
    direction: RequestDirection
    type: RequestType
    status: RequestStatus
    connection_id: str
    partner: PartnerAccount
    gtin: str | None
    product_id: str | None
    item: str | None
    purpose: str
    created_at: str
    decided_at: str | None
    reason: str | None
    share_id: str | None


class CreateShareRequest(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Exactly one of `gtin`, `productId` and `item` (a GS1 Digital Link or EPC URN). The partner sees the purpose."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "type": "PRODUCT",
        "purpose": "We need the fibre composition for our label.",
        "gtin": "09520000002176",
        "productId": None,
        "item": None,
    }

    type: Annotated[str, described(enum=[*REQUEST_TYPES])]
    purpose: Annotated[str, described(minLength=1, maxLength=MAX_TEXT)]
    gtin: str | None = None
    product_id: Annotated[str, described(maxLength=MAX_PRODUCT_ID)] | None = None
    item: Annotated[str, described(maxLength=MAX_ITEM)] | None = None


class ApproveShareRequest(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The share that the requester gets: of which fields (all by default), and until when.

    `productId` is needed if the request does not identify a product of yours. `traceability` is EVENTS by default for
    a TRACE request, else NONE.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "expiresAt": _TIME,
        "fields": ["name", "materials"],
        "versions": "LATEST",
        "traceability": "NONE",
        "productId": None,
    }

    expires_at: Annotated[str, described(format="date-time")]
    fields: list[str] | None = None
    versions: Annotated[str, described(enum=[*VERSIONS])] = "LATEST"
    traceability: Annotated[str, described(enum=[*TRACEABILITIES])] | None = None
    product_id: Annotated[str, described(maxLength=MAX_PRODUCT_ID)] | None = None


class DeclineShareRequest(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The requester sees the reason."""

    EXAMPLE: ClassVar[dict[str, Any]] = {"reason": "We do not disclose this."}

    reason: Reason | None = None
