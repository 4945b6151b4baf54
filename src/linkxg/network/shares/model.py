"""Shares, and the bodies of requests."""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec

from linkxg.catalog.products.shared_product import SharedProduct
from linkxg.http.route_declaration import described
from linkxg.network.connections.model import PartnerAccount

ShareType = Literal["PRODUCT", "CATEGORY", "ALL"]
SharedVersions = Literal["LATEST", "ALL"]
Traceability = Literal["NONE", "EVENTS", "GRAPH"]
ShareStatus = Literal["ACTIVE", "EXPIRED", "WITHDRAWN"]
AcknowledgementStatus = Literal["ACCEPTED", "REJECTED", "REVIEW"]
STATUSES: tuple[AcknowledgementStatus, ...] = ("ACCEPTED", "REJECTED", "REVIEW")
TYPES: tuple[ShareType, ...] = ("PRODUCT", "CATEGORY", "ALL")
VERSIONS: tuple[SharedVersions, ...] = ("LATEST", "ALL")
TRACEABILITIES: tuple[Traceability, ...] = ("NONE", "EVENTS", "GRAPH")
PASSPORT_ROLES = ("legitimateInterest", "authority")
MAX_TIERS = 10
MAX_LIVE = 10_000
"""Live shares of one side of a connection."""
MAX_CATEGORIES = 1_000
"""Live shares of categories with one partner: each category is looked up for a page of what the partner sees."""
MAX_SAME = 10
"""Live shares of the same products with one partner: each is read with every one of these products."""
MAX_PREVIEW = 10
MAX_FIELDS, MAX_PATH, MAX_CATEGORY = 50, 255, 100
MAX_ACKNOWLEDGEMENT_REASON = 1_000
_ID = "01a20900-46b1-7977-8501-b67e3b66cab2"


class CreateShare(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`productId` for PRODUCT, `category` for CATEGORY. Without `fields`, the whole content is shared."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "type": "CATEGORY",
        "productId": None,
        "category": "43220",
        "fields": ["name", "brand", "category.code"],
        "versions": "LATEST",
        "traceability": "NONE",
        "traceTiers": 0,
        "passportRoles": [],
        "expiresAt": None,
    }

    type: Annotated[str, described(enum=[*TYPES])]
    product_id: Annotated[str, described(format="uuid")] | None = None
    category: Annotated[str, described(maxLength=MAX_CATEGORY)] | None = None
    fields: Annotated[list[str], described(minItems=1, maxItems=MAX_FIELDS)] | None = None
    versions: Annotated[str, described(enum=[*VERSIONS])] = "LATEST"
    traceability: Annotated[str, described(enum=[*TRACEABILITIES])] = "NONE"
    trace_tiers: Annotated[int, described(minimum=0, maximum=MAX_TIERS)] = 0
    passport_roles: Annotated[list[str], described(description=f"Of {', '.join(PASSPORT_ROLES)}.")] = []
    expires_at: Annotated[str, described(format="date-time")] | None = None


class AcknowledgementCounts(msgspec.Struct):
    """Of the products that the share covers."""

    accepted: int
    rejected: int
    review: int


class Share(msgspec.Struct, rename="camel"):
    """What one partner may see; `fields` are paths in the content of products, null for all of it."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "type": "CATEGORY",
        "productId": None,
        "category": "43220",
        "fields": ["brand", "category.code", "name"],
        "passportRoles": [],
        "summary": "Sees 3 of 16 fields of 12 products in category 43220, no supplier names.",
        "expiresAt": None,
        "withdrawnAt": None,
    }

    id: str
    connection_id: str
    type: ShareType
    product_id: str | None
    category: str | None
    fields: list[str] | None
    versions: SharedVersions
    traceability: Traceability
    trace_tiers: int
    passport_roles: list[str]
    status: ShareStatus
    summary: str
    acknowledgements: AcknowledgementCounts
    created_at: str
    expires_at: str | None
    withdrawn_at: str | None


class SharePreview(msgspec.Struct):
    """What the share would say, and up to ten products exactly as the partner would see them."""

    summary: str
    preview: list[SharedProduct]


class Acknowledgement(msgspec.Struct, rename="camel"):
    """A partner's answer to a version of a product; `fields` are those it concerns."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "productId": _ID,
        "version": 3,
        "status": "REJECTED",
        "reason": "The mass is missing.",
        "fields": ["dimensions.netWeight"],
    }

    product_id: str
    version: int
    status: AcknowledgementStatus
    reason: str | None
    fields: list[str] | None
    at: str


class ProductAcknowledgement(NamedTuple):
    """An acknowledgement, and the SKU of the product that it is about."""

    sku: str
    acknowledgement: Acknowledgement


class ProductShare(msgspec.Struct, rename="camel"):
    """A live share that shows a product, and what the partner answered."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "shareId": _ID,
        "connectionId": _ID,
        "partner": PartnerAccount.EXAMPLE,
        "type": "CATEGORY",
        "fields": ["brand", "name"],
        "expiresAt": None,
        "acknowledgement": None,
    }

    share_id: str
    connection_id: str
    partner: PartnerAccount
    type: ShareType
    fields: list[str] | None
    versions: SharedVersions
    expires_at: str | None
    acknowledgement: Acknowledgement | None


class ShareTerms(msgspec.Struct):
    """A checked CreateShare: times in milliseconds, without what its type does not need."""

    type: ShareType
    product_id: str | None
    category: str | None
    fields: list[str] | None
    versions: SharedVersions
    traceability: Traceability
    trace_tiers: int
    passport_roles: list[str]
    expires_at: int | None
