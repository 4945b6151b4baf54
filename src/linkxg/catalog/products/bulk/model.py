"""Rows of an import before and after planning."""

from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import UnsetType

from linkxg.catalog.identifiers.gtin import Gtin
from linkxg.catalog.products.bulk.flat_content import FlatContent
from linkxg.catalog.products.model import ProductRecord


class RowInput(NamedTuple):
    """A parsed row. `content` is a merge patch (RFC 7396) of the stored content, or the content of a new product.

    UNSET leaves `sku` and `gtin` unchanged, None removes the GTIN. If `flat` is set, it replaces `content`, and the SKU
    is valid.
    """

    sku: str | UnsetType
    gtin: Gtin | UnsetType | None
    content: dict[str, Any]
    flat: FlatContent | None = None


class StoredProduct(NamedTuple):
    """A stored product with the content that a change starts from: the draft's, or else the latest version's."""

    head: ProductRecord
    search_key: str
    content: str

    @property
    def version(self) -> int:
        """The version that has the content."""
        return self.head.draft_version or self.head.latest_version or 1


class KeyHolder(NamedTuple):
    """The product with a SKU, a GTIN or an id."""

    id: str
    revision: int


class PlannedWrite(NamedTuple):
    """The write for a row. `seen` is the revision it was planned from, None for a new product.

    `version` and `content` are those of the draft. `creates_draft` inserts that draft; otherwise the stored draft gets
    `digest` and `content`, or is left as it is if `digest` is None. `publishes` publishes it.
    """

    head: ProductRecord
    search_key: str
    seen: int | None
    creates_draft: bool
    version: int
    digest: bytes | None
    content: str
    publishes: bool = False

    @classmethod
    def new_product(cls, head: ProductRecord, search_key: str, digest: bytes, content: str) -> "PlannedWrite":
        """Positional, as `ProductRecord.draft`."""
        return cls(head, search_key, None, True, 1, digest, content)


class UnchangedProduct(NamedTuple):
    """The row equals the stored product."""

    product_id: str
    version: int


class WrittenProduct(StrEnum):
    """The outcome of a planned row; STALE rows are to be looked up and planned again."""

    WRITTEN = "written"
    STALE = "stale"
    DUPLICATE_SKU = "duplicate_sku"
    DUPLICATE_GTIN = "duplicate_gtin"
