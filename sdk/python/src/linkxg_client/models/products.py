"""Products and their versions."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """A product with one of its versions. `gtin` has 14 digits; `dpp` is there after a publication.

    The answer to a change has neither identifiers nor content if the token lacks `products:read`.
    """

    id: str
    sku: str
    gtin: str | None = None
    gtin_format: str | None = None
    digital_link: str | None = None
    status: ProductStatus
    category: str | None = None
    latest_version: int | None
    draft_version: int | None
    revision: int
    created_at: datetime
    updated_at: datetime
    version: int
    version_status: VersionStatus
    content_hash: str | None = None
    content: dict[str, Any] = field(default_factory=dict[str, Any])
    dpp: PassportReference | None = None

    @property
    def entered_gtin(self) -> str | None:
        """The GTIN with as many digits as it was entered with, by `gtin_format`: `GTIN_13`."""
        digits = int((self.gtin_format or "GTIN_14").rpartition("_")[2])
        return self.gtin[-digits:] if self.gtin else None

    @property
    def etag(self) -> str:
        """For `if_match`: change this revision or none."""
        return f'"p-{self.revision}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version; a published one never changes."""

    version: int
    status: VersionStatus
    content_hash: str | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    change_note: str | None = None
    published_at: datetime | None = None
    published_by: str | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdraw_reason: str | None = None
    content: dict[str, Any] = field(default_factory=dict[str, Any])
