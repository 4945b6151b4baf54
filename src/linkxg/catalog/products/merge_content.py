"""Applies merge patches (RFC 7396) to contents."""

from typing import Any

import msgspec

from linkxg.catalog.products.check_content import FieldError
from linkxg.catalog.products.content import MEMBERS, Content
from linkxg.catalog.products.merge_patch import merge_patch
from linkxg.http.schema_errors import shape_faults, unknown_member

_MEMBERS = frozenset(MEMBERS)
_encode = msgspec.json.Encoder(order="sorted").encode


def merged_content(stored: str | None, patch: dict[str, Any], at: str) -> Content | list[FieldError]:
    """The stored JSON, if any, with the patch applied, or the errors; names of fields get the prefix `at`."""
    if not _MEMBERS.issuperset(patch):
        # Checked before merging: a null for a misspelt name would go unnoticed.
        return [unknown_member(Content, at)]
    merged = merge_patch(msgspec.json.decode(stored) if stored else {}, patch)
    try:
        return msgspec.convert(merged, Content)
    except msgspec.ValidationError:
        return shape_faults(merged, Content, at)


def changes_nothing(stored: str, patch: dict[str, Any]) -> bool:
    """Whether the patch certainly changes nothing; a repeated import asks for every row.

    Compared as JSON: in Python 1, 1.0 and true are equal. Stored content is valid, so equal content is too.
    """
    if not _MEMBERS.issuperset(patch):
        return False
    try:
        return _encode(merge_patch(msgspec.json.decode(stored), patch)) == stored.encode()
    except (TypeError, ValueError):
        return False
