"""The content that a merge patch makes (RFC 7396)."""

from typing import Any

import msgspec

from linkxg.catalog.products.check_content import Fault
from linkxg.catalog.products.content import MEMBERS, Content
from linkxg.catalog.products.merge_patch import merge_patch
from linkxg.http.schema_errors import shape_faults, unknown_member

_MEMBERS = frozenset(MEMBERS)
_encode = msgspec.json.Encoder(order="sorted").encode


def merged_content(stored: str | None, patch: dict[str, Any], at: str) -> Content | list[Fault]:
    """The content that the patch makes of the stored JSON, or of nothing; faults name fields with `at` before them."""
    if not _MEMBERS.issuperset(patch):
        # A null removes what is not there from nothing, so a misspelt name would go unnoticed.
        return [unknown_member(Content, at)]
    merged = merge_patch(msgspec.json.decode(stored) if stored else {}, patch)
    try:
        return msgspec.convert(merged, Content)
    except msgspec.ValidationError:
        return shape_faults(merged, Content, at)


def changes_nothing(stored: str, patch: dict[str, Any]) -> bool:
    """Whether the patch surely leaves the stored content as it is; an import that is sent again asks for every row.

    Compared as text: in Python 1, 1.0 and true are equal. What is stored has been checked, so the same text has been.
    """
    if not _MEMBERS.issuperset(patch):
        return False
    try:
        return _encode(merge_patch(msgspec.json.decode(stored), patch)) == stored.encode()
    except (TypeError, ValueError):
        return False
