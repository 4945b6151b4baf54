"""A product, and the requests that create and change one.

A product has a head (its identifiers and state, a row of `products`) and versions (its content over time).
"""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.catalog.identifiers.gtin import FORMATS, Format, Gtin
from linkxg.catalog.identifiers.sku import SKU_PATTERN
from linkxg.catalog.products.canonical import content_hash
from linkxg.catalog.products.content import EXAMPLE, Content, GtinText, StoredContent
from linkxg.catalog.products.versions.model import VersionStatus
from linkxg.clock import rfc3339
from linkxg.runtime.normal_form import normalize

Status = Literal["DRAFT", "PUBLISHED", "ARCHIVED"]
Sort = Literal["updatedAt", "sku"]
MAX_SKU_LENGTH = 64
Sku = Annotated[str, Meta(min_length=1, max_length=MAX_SKU_LENGTH, extra_json_schema={"pattern": SKU_PATTERN})]
Patch = Annotated[dict[str, Any], Meta(extra_json_schema={"description": "A merge patch (RFC 7396) of a Content."})]

_NAMED = {"sku": "AC-1042", "gtin": "4006381333931"}


class CreateProduct(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A new product with the content of its first draft."""

    EXAMPLE: ClassVar[dict[str, Any]] = {**_NAMED, "content": EXAMPLE}

    sku: Sku
    content: Content
    gtin: GtinText | None = None


class ProductPatch(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A merge patch (RFC 7396) of SKU, GTIN and the draft's content."""

    EXAMPLE: ClassVar[dict[str, Any]] = {**_NAMED, "content": {"brand": "Acme", "attributes": {"colour": "red"}}}

    sku: Sku | UnsetType = UNSET
    gtin: GtinText | UnsetType | None = UNSET
    content: Patch | UnsetType = UNSET


class Product(msgspec.Struct, rename="camel"):
    """A product with one of its versions, for its account. `gtin` has 14 digits; times are RFC 3339."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "sku": "AC-1042",
        "gtin": "04006381333931",
        "gtinFormat": "GTIN_13",
        "digitalLink": "https://id.gs1.org/01/04006381333931",
        "status": "PUBLISHED",
        "category": "43220",
        "latestVersion": 1,
        "draftVersion": None,
        "versionStatus": "PUBLISHED",
        "contentHash": "sha-256:5f70bf18a0860070...",
        "content": EXAMPLE,
    }

    id: str
    sku: str
    gtin: str | None
    gtin_format: Format | None
    digital_link: str | None
    status: Status
    category: str | None
    latest_version: int | None
    draft_version: int | None
    revision: int
    created_at: str
    updated_at: str
    version: int
    version_status: VersionStatus
    content_hash: str
    content: StoredContent


class PassportReference(msgspec.Struct, rename="camel"):
    """The passport that a publication has issued or updated."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "digitalProductPassportId": "https://api.example.com/dpp/01a20900-46b1-7977-8501-b67e3b66cab2",
        "version": 1,
    }

    id: str
    digital_product_passport_id: str
    version: int


class PublishedProduct(Product, rename="camel"):
    """A product whose draft was published. `dpp` is its passport, null of a product without a GTIN."""

    dpp: PassportReference | None


class ProductRecord(NamedTuple):
    """A row of `products`: times in milliseconds, `category` is the code."""

    id: str
    sku: str
    gtin14: str | None
    gtin_length: int | None
    category: str | None
    status: Status
    latest_version: int | None
    draft_version: int | None
    revision: int
    created_at: int
    updated_at: int

    @classmethod
    def draft(cls, id: str, sku: str, gtin: Gtin | None, category: str | None, now: int) -> "ProductRecord":
        """A new product with a draft as its version 1. Positional: an import makes half a million of them."""
        gtin14, gtin_length = gtin or (None, None)
        return cls(id, sku, gtin14, gtin_length, category, "DRAFT", None, 1, 1, now, now)

    @property
    def gtin(self) -> str | None:
        """With the number of digits in which it was entered."""
        return self.gtin14[-self.gtin_length :] if self.gtin14 and self.gtin_length else None


class ProductView(NamedTuple):
    """A product with one of its versions; `content` is canonical JSON."""

    head: ProductRecord
    version: int
    version_status: VersionStatus
    digest: bytes
    content: str


class ProductFilter(NamedTuple):
    """The filters and the order of a list. `search_key` is searched as a substring, `since` is in milliseconds."""

    status: Status | None = None
    sku: str | None = None
    gtin14: str | None = None
    category: str | None = None
    search_key: str | None = None
    since: int | None = None
    sort: Sort = "updatedAt"


def view_product(shown: ProductView) -> Product:
    head = shown.head
    gtin14 = head.gtin14
    return Product(
        head.id,
        head.sku,
        gtin14,
        FORMATS[head.gtin_length] if head.gtin_length else None,
        f"{RESOLVER}/01/{gtin14}" if gtin14 else None,
        head.status,
        head.category,
        head.latest_version,
        head.draft_version,
        head.revision,
        rfc3339(head.created_at),
        rfc3339(head.updated_at),
        shown.version,
        shown.version_status,
        content_hash(shown.digest),
        msgspec.Raw(shown.content.encode()),
    )


def search_key(text: str) -> str:
    """The text as it is searched: case-folded and in NFC (Unicode §3.13, caseless matching)."""
    if text.isascii():
        return text.lower()
    # Folding may decompose characters, such as U+0390.
    return normalize("NFC", normalize("NFC", text).casefold())


def search_key_of(sku: str, content: Content) -> str:
    """The SKU and each name, one per line, empty if there is none; a search never spans two lines."""
    return search_key(f"{sku}\n{content.name}\n{content.brand or ''}\n{content.model_number or ''}")


def rename_search_key(key: str, sku: str) -> str:
    """The key with another SKU and the same names."""
    return f"{search_key(sku)}\n{key.partition(chr(10))[2]}"
