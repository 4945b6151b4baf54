"""A product as a partner sees it: the one function that leaves out what is not shared.

Nothing in it depends on a draft: no revision, no time of the last change, and the hash of a content only when all of
it is shown.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

import msgspec

from linkxg.catalog.identifiers.digital_link import RESOLVER
from linkxg.catalog.identifiers.gtin import FORMATS, Format
from linkxg.catalog.products.canonical import content_hash
from linkxg.catalog.products.content import EXAMPLE, StoredContent
from linkxg.catalog.products.model import Status
from linkxg.catalog.products.select_fields import Selection, add_path
from linkxg.catalog.products.shared_model import Grant, SharedBy, SharedProductView
from linkxg.catalog.products.versions.model import VersionRow, VersionStatus
from linkxg.clock import rfc3339_or_none


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


class SharedVersion(msgspec.Struct, rename="camel"):
    """A published version of a partner's product. The note is shown with the whole content only: it may tell of it."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "version": 3,
        "status": "PUBLISHED",
        "contentHash": None,
        "publishedAt": "2026-11-23T14:33:00.123Z",
        "changeNote": None,
        "withdrawnAt": None,
        "withdrawReason": None,
        "fields": ["name", "brand"],
        "content": {"name": EXAMPLE["name"], "brand": EXAMPLE["brand"]},
    }

    version: int
    status: VersionStatus
    content_hash: str | None
    published_at: str | None
    change_note: str | None
    withdrawn_at: str | None
    withdraw_reason: str | None
    fields: list[str] | None
    content: StoredContent


def shared_fields(grants: Iterable[Grant]) -> list[str] | None:
    """The union of the fields of several shares, None if one of them shows the whole content."""
    found: set[str] = set()
    for grant in grants:
        if grant.fields is None:
            return None
        found.update(grant.fields)
    return sorted(found)


def view_shared(shown: SharedProductView) -> SharedProduct:
    """The product, with those members of its content that the shares show."""
    view, head = shown.view, shown.view.head
    fields = shared_fields(shown.grants)
    return SharedProduct(
        head.id,
        head.sku,
        head.gtin14,
        FORMATS[head.gtin_length] if head.gtin_length else None,
        f"{RESOLVER}/01/{head.gtin14}" if head.gtin14 else None,
        head.status,
        view.version,
        view.version_status,
        content_hash(view.digest) if fields is None else None,
        fields,
        shown.shared_by,
        msgspec.Raw(redact(view.content, fields)),
    )


def view_shared_version(row: VersionRow, grants: Iterable[Grant]) -> SharedVersion:
    """The version, by those shares that show it."""
    fields = shared_fields(grants)
    return SharedVersion(
        row.version,
        row.status,
        content_hash(row.digest) if fields is None else None,
        rfc3339_or_none(row.published_at),
        row.change_note if fields is None else None,
        rfc3339_or_none(row.withdrawn_at),
        row.withdraw_reason,
        fields,
        msgspec.Raw(redact(row.content, fields)),
    )


def redact(content: str, fields: list[str] | None) -> bytes:
    """The members of a content that `fields` names, in the order of the content."""
    if fields is None:
        return content.encode()
    return _encode(_select(content.encode(), _selection(tuple(fields))))


def _select(value: bytes | msgspec.Raw, selection: Selection) -> dict[str, Any]:
    """The selected members of a JSON object. Only what is selected in part is decoded further."""
    selected: dict[str, Any] = {}
    for name, member in _members(value).items():
        if name not in selection:
            continue
        inner = selection[name]
        if inner is None:
            selected[name] = member
        elif (found := _select_within(member, inner)) is not None:
            selected[name] = found
    return selected


def _select_within(member: msgspec.Raw, selection: Selection) -> Any:
    """The selected members of an object, or of each object of a list; None of any other value."""
    match bytes(member)[:1]:
        case b"{":
            return _select(member, selection)
        case b"[":
            elements = _elements(member)
            if all(bytes(element)[:1] == b"{" for element in elements):
                return [_select(element, selection) for element in elements]
    return None


MAX_KEPT = 1_000
"""Characters of fields up to which their selection is kept in memory."""


def _selection(fields: tuple[str, ...]) -> Selection:
    # Long lists are not kept: partners choose the paths, and thousands of the longest are 200 MB.
    return _kept_selection(fields) if sum(map(len, fields)) <= MAX_KEPT else _new_selection(fields)


def _new_selection(fields: tuple[str, ...]) -> Selection:
    selection: Selection = {}
    for path in fields:
        add_path(selection, path.split("."))
    return selection


_kept_selection = lru_cache(1_024)(_new_selection)
_encode = msgspec.json.Encoder().encode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
