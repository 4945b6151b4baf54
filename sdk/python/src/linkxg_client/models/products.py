"""Products and their versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

ProductStatus = Literal["DRAFT", "PUBLISHED", "ARCHIVED"]
VersionStatus = Literal["DRAFT", "PUBLISHED", "SUPERSEDED", "WITHDRAWN"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassportReference:
    """The passport that a publication has issued."""

    id: str
    digital_product_passport_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product with one of its versions. `gtin` has 14 digits; `dpp` is there after a publication."""

    id: str
    sku: str
    gtin: str | None
    gtin_format: str | None
    digital_link: str | None
    status: ProductStatus
    category: str | None
    latest_version: int | None
    draft_version: int | None
    revision: int
    created_at: datetime
    updated_at: datetime
    version: int
    version_status: VersionStatus
    content_hash: str
    content: dict[str, Any]
    dpp: PassportReference | None = None

    @property
    def etag(self) -> str:
        """For `if_match`: change this revision or none."""
        return f'"p-{self.revision}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version; a published one never changes."""

    version: int
    status: VersionStatus
    content_hash: str
    created_at: datetime
    created_by: str
    change_note: str | None
    published_at: datetime | None
    published_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdraw_reason: str | None
    content: dict[str, Any]


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
