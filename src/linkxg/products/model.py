"""What is a product, what is given to make one, and what may be changed?

A product is a head (what it is found by) and a content (what is said of it). The content is one JSON text, so that
versions of a product can take it over while the head stays.
"""

from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from linkxg.products.gtin import Format

MAX_ATTRIBUTES = 200
MAX_ATTRIBUTES_BYTES = 64 * 1024

# White space, control characters and what is invisible: two SKUs that look the same are the same.
_UNSEEN = r"\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb"
SKU_PATTERN = rf"^[^\x20{_UNSEEN}](?:[^{_UNSEEN}]*[^\x20{_UNSEEN}])?$"
GTIN_PATTERN = "^(?:[0-9]{8}|[0-9]{12,14})$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
NAME_PATTERN = LINE_PATTERN.replace("^", r"^(?=.*\S)", 1)

Sku = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema={"pattern": SKU_PATTERN})]
GtinText = Annotated[str, Meta(extra_json_schema={"pattern": GTIN_PATTERN})]
Name = Annotated[str, Meta(min_length=1, max_length=255, extra_json_schema={"pattern": NAME_PATTERN})]
Description = Annotated[str, Meta(max_length=10_000)]
Brand = Annotated[str, Meta(max_length=255, extra_json_schema={"pattern": LINE_PATTERN})]
Category = Annotated[str, Meta(max_length=100, extra_json_schema={"pattern": LINE_PATTERN})]
Sort = Literal["updatedAt", "sku"]


class NewProduct(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """`sku` and `name` are required; the rest may be absent or null."""

    sku: Sku
    name: Name
    gtin: GtinText | None = None
    description: Description | None = None
    brand: Brand | None = None
    category: Category | None = None
    attributes: Annotated[dict[str, Any], Meta(max_length=MAX_ATTRIBUTES)] | None = None


class ProductPatch(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A merge patch (RFC 7396): absent members stay, null clears, `attributes` are merged member by member."""

    sku: Sku | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    gtin: GtinText | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    brand: Brand | UnsetType | None = UNSET
    category: Category | UnsetType | None = UNSET
    attributes: dict[str, Any] | UnsetType | None = UNSET


class Content(msgspec.Struct):
    """What is said of a product."""

    name: str
    description: str | None
    brand: str | None
    attributes: dict[str, Any]


class Product(msgspec.Struct, rename="camel"):
    """A product as its account sees it. `gtin` has the digits that were given; times are RFC 3339."""

    id: str
    sku: str
    gtin: str | None
    gtin_format: Format | None
    name: str
    description: str | None
    brand: str | None
    category: str | None
    attributes: dict[str, Any]
    revision: int
    created_at: str
    updated_at: str


class ProductRow(NamedTuple):
    """A row of `products`; times in milliseconds, `content` is JSON."""

    id: str
    sku: str
    gtin14: str | None
    gtin_length: int | None
    category: str | None
    revision: int
    created_at: int
    updated_at: int
    content: str


class Wanted(NamedTuple):
    """What a list is narrowed to, and its order. `name_key` is looked for in names, `since` is in milliseconds."""

    sku: str | None = None
    gtin14: str | None = None
    category: str | None = None
    name_key: str | None = None
    since: int | None = None
    sort: Sort = "updatedAt"


def name_key(name: str) -> str:
    """The form in which names are searched, so that upper and lower case are the same."""
    return name.casefold()
