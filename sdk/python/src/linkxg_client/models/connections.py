"""Connections between companies, and the feed of what partners changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Relationship = Literal["SUPPLIER", "CUSTOMER", "PARTNER"]
Direction = Literal["INCOMING", "OUTGOING"]
ConnectionStatus = Literal["PENDING", "ACTIVE", "DECLINED", "REVOKED", "EXPIRED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """The other company."""

    account_id: str
    name: str
    slug: str
    gln: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerAccount:
    """A company by its public profile."""

    account_id: str
    name: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyConnection:
    """A connection or invitation. `relationship` is the partner's role; `link` is that of an invitation not mailed.

    Whoever has the link can accept, so it does not show in `repr`.
    """

    id: str
    status: ConnectionStatus
    direction: Direction
    relationship: Relationship
    partner: Partner | None
    invitee: str | None
    message: str | None
    invited_at: datetime
    expires_at: datetime
    responded_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None
    confirmed_gln: str | None
    link: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry of the feed: it says what to read again."""

    seq: int
    type: str
    connection_id: str | None
    share_id: str | None
    request_id: str | None
    product_id: str | None
    version: int | None
    notice_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCount:
    """How often the partner read a product in one hour."""

    hour: datetime
    product_id: str | None
    sku: str | None
    reads: int
