"""Products of partners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linkxg_client.models.products import ProductStatus, VersionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBy:
    """The owner of a shared product."""

    account_id: str
    name: str
    slug: str
    connection_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedProduct:
    """The published version of a partner's product; `fields` are the shared paths of its content, None for all."""

    id: str
    sku: str
    gtin: str | None
    gtin_format: str | None
    digital_link: str | None
    status: ProductStatus
    version: int
    version_status: VersionStatus
    content_hash: str | None
    fields: list[str] | None
    shared_by: SharedBy
    content: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedVersion:
    """A published version of a partner's product."""

    version: int
    status: VersionStatus
    content_hash: str | None
    published_at: datetime | None
    change_note: str | None
    withdrawn_at: datetime | None
    withdraw_reason: str | None
    fields: list[str] | None
    content: dict[str, Any]
