"""Shares: which partner sees which products, and what of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from linkxg_client.models.connections import PartnerAccount
from linkxg_client.models.shared_products import SharedProduct

ShareType = Literal["PRODUCT", "CATEGORY", "ALL"]
SharedVersions = Literal["LATEST", "ALL"]
SharedTraceability = Literal["NONE", "EVENTS", "GRAPH"]
AcknowledgementStatus = Literal["ACCEPTED", "REJECTED", "REVIEW"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementCounts:
    """How many shared products the partner has answered about."""

    accepted: int
    rejected: int
    review: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a partner sees; `fields` are paths of the content, None for all."""

    id: str
    connection_id: str
    type: ShareType
    product_id: str | None
    category: str | None
    fields: list[str] | None
    versions: SharedVersions
    traceability: SharedTraceability
    trace_tiers: int
    passport_roles: list[str]
    status: Literal["ACTIVE", "EXPIRED", "WITHDRAWN"]
    summary: str
    acknowledgements: AcknowledgementCounts
    created_at: datetime
    expires_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePreview:
    """What a share would show: its summary, and some of the products as the partner would see them."""

    summary: str
    preview: list[SharedProduct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What a partner answered about a version."""

    product_id: str
    version: int
    status: AcknowledgementStatus
    reason: str | None
    fields: list[str] | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductShare:
    """Who sees a product, what of it, and what they answered."""

    share_id: str
    connection_id: str
    partner: PartnerAccount
    type: ShareType
    fields: list[str] | None
    versions: SharedVersions
    expires_at: datetime | None
    acknowledgement: Acknowledgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRequest:
    """A company asks another one for a share. Approving it creates the share `share_id`."""

    id: str
    direction: Literal["INCOMING", "OUTGOING"]
    type: Literal["PRODUCT", "TRACE", "DPP"]
    status: Literal["PENDING", "APPROVED", "DECLINED", "CANCELLED"]
    connection_id: str
    partner: PartnerAccount
    gtin: str | None
    product_id: str | None
    item: str | None
    purpose: str
    created_at: datetime
    decided_at: datetime | None
    reason: str | None
    share_id: str | None
