"""A row of an import before and after planning."""

from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import UnsetType

from linkxg.catalog.identifiers.gtin import Gtin
from linkxg.catalog.products.bulk.flat_content import FlatContent
from linkxg.catalog.products.model import ProductRecord


class RowInput(NamedTuple):
    """One row. `content` is a merge patch (RFC 7396) of what is stored, or the whole content of a new product.

    `sku` and `gtin` that are UNSET stay as they are; a `gtin` of None takes it away. Where `plain` is given, that is
    the content, and the SKU is known to be one.
    """

    sku: str | UnsetType
    gtin: Gtin | UnsetType | None
    content: dict[str, Any]
    plain: FlatContent | None = None


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
    """The product that has a SKU, a GTIN or an id."""

    id: str
    revision: int


class PlannedWrite(NamedTuple):
    """The write that a row leads to. `seen` is the revision it was planned from, None for a new product.

    `version` is the draft's, and `content` the content it then has. `opens` begins that draft; otherwise the stored
    one gets `digest` and `content`, unless `digest` is None: then its content stays. `publishes` publishes it.
    """

    head: ProductRecord
    search_key: str
    seen: int | None
    opens: bool
    version: int
    digest: bytes | None
    content: str
    publishes: bool = False

    @classmethod
    def new_product(cls, head: ProductRecord, search_key: str, digest: bytes, content: str) -> "PlannedWrite":
        """Positional, as `ProductRecord.draft`."""
        return cls(head, search_key, None, True, 1, digest, content)


class UnchangedProduct(NamedTuple):
    """The row says what is stored already."""

    product_id: str
    version: int


class WrittenProduct(StrEnum):
    """What became of a planned row."""

    WRITTEN = "written"
    STALE = "stale"
    DUPLICATE_SKU = "duplicate_sku"
    DUPLICATE_GTIN = "duplicate_gtin"
