"""Recalls, and the notices of partners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from linkxg_client.models.connections import PartnerAccount
from linkxg_client.models.traceability import AffectedProduct

RecallStatus = Literal["OPEN", "ACKNOWLEDGED", "NO_RECIPIENTS", "WITHDRAWN"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeItem:
    """An affected item by GTIN, lot and serial, with the name that the company that recalls gives its product."""

    id: str
    gtin: str | None
    lot: str | None
    serial: str | None
    product_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallPlace:
    """How many affected items were last seen at a place."""

    place: str | None
    items: int
    with_consumers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallProgress:
    recipients: int
    notified: int
    acknowledged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRecipient:
    """A party that received affected items; one that is not `notified` has to be told by other means."""

    id: str
    party: str
    gln: str | None
    connection_id: str | None
    partner: PartnerAccount | None
    notified: bool
    contested: bool
    items: list[str]
    item_count: int
    truncated: bool
    last_sent_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: Literal["PARTNER", "SELF"] | None
    note: str | None
    onward: Literal["NONE", "NO_RECIPIENTS", "ANNOUNCED", "ACKNOWLEDGED"]
    with_consumers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A recall as it was announced. `recipients` are in the answer about one recall, not in lists."""

    id: str
    status: RecallStatus
    items: list[str]
    item_details: list[NoticeItem]
    reason: str
    instructions: str | None
    notice_id: str | None
    affected_items: int
    with_consumers: int | None
    places: list[RecallPlace]
    product_count: int
    products: list[AffectedProduct]
    progress: RecallProgress
    truncated: bool
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    reminded_at: datetime | None
    recipients: list[RecallRecipient] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallNotice:
    """The recall of a partner, with the first of the affected items that the account received."""

    id: str
    connection_id: str
    issuer: PartnerAccount
    reason: str
    instructions: str | None
    items: list[str]
    item_details: list[NoticeItem]
    item_count: int
    truncated: bool
    last_sent_at: datetime
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
    acknowledged_at: datetime | None
    note: str | None
    recall_ids: list[str]
