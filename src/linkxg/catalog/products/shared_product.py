"""A product as a partner sees it: the one function that leaves out what is not shared.

Nothing in it depends on a draft: no revision, no time of the last change, and the hash of a content only when all of
it is shown.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import msgspec

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.catalog.identifiers.gtin import FORMATS, Format
from linkxg.catalog.products.canonical import content_hash
from linkxg.catalog.products.content import EXAMPLE, StoredContent
from linkxg.catalog.products.model import ProductView, Status
from linkxg.catalog.products.select_fields import Selection, add_path, select_members
from linkxg.catalog.products.versions.model import VersionStatus


class SharedBy(msgspec.Struct, rename="camel", frozen=True):
    """The owner of a shared product."""

    account_id: str
    name: str
    slug: str
    connection_id: str


class Grant(NamedTuple):
    """What one live share shows of a product; `fields` are paths in its content, None for all of it."""

    fields: tuple[str, ...] | None
    all_versions: bool


class SharedProduct(msgspec.Struct, rename="camel"):
    """A published version of a partner's product; `fields` are the shared paths of the content, null for all."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "sku": "AC-1042",
        "gtin": "04006381333931",
        "gtinFormat": "GTIN_13",
        "digitalLink": "https://id.gs1.org/01/04006381333931",
        "status": "PUBLISHED",
        "version": 3,
        "versionStatus": "PUBLISHED",
        "contentHash": None,
        "fields": ["name", "brand"],
        "content": {"name": EXAMPLE["name"], "brand": EXAMPLE["brand"]},
    }

    id: str
    sku: str
    gtin: str | None
    gtin_format: Format | None
    digital_link: str | None
    status: Status
    version: int
    version_status: VersionStatus
    content_hash: str | None
    fields: list[str] | None
    shared_by: SharedBy
    content: StoredContent


def shared_fields(grants: Iterable[Grant]) -> list[str] | None:
    """The union of the fields of several shares, None if one of them shows the whole content."""
    found: set[str] = set()
    for grant in grants:
        if grant.fields is None:
            return None
        found.update(grant.fields)
    return sorted(found)


def view_shared(shown: ProductView, shared_by: SharedBy, fields: list[str] | None) -> SharedProduct:
    """The product, with those members of its content that `fields` names."""
    head = shown.head
    return SharedProduct(
        head.id,
        head.sku,
        head.gtin14,
        FORMATS[head.gtin_length] if head.gtin_length else None,
        f"{RESOLVER}/01/{head.gtin14}" if head.gtin14 else None,
        head.status,
        shown.version,
        shown.version_status,
        content_hash(shown.digest) if fields is None else None,
        fields,
        shared_by,
        msgspec.Raw(shown.content.encode() if fields is None else _redact(shown.content, fields)),
    )


def _redact(content: str, fields: list[str]) -> bytes:
    selection: Selection = {}
    for path in fields:
        add_path(selection, path.split("."))
    return msgspec.json.encode(select_members(msgspec.json.decode(content), selection))
