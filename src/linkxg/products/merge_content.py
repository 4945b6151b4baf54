"""Applies a merge patch to a content and validates the result."""

from typing import Any

import msgspec

from linkxg.products.check_content import Fault
from linkxg.products.content import MEMBERS, Content
from linkxg.products.merge_patch import merge_patch
from linkxg.web.json_body import fault_of

_MEMBERS = frozenset(MEMBERS)
_encode = msgspec.json.Encoder(order="sorted").encode


def merged_content(stored: str | None, patch: dict[str, Any], at: str) -> Content | list[Fault]:
    """The content that the patch makes of the stored JSON, or of nothing; faults name fields with `at` before them."""
    if not _MEMBERS.issuperset(patch):
        # A null removes what is not there from nothing, so a misspelt name would go unnoticed.
        return [fault_of("Object contains unknown field ``", Content, at)]
    try:
        return msgspec.convert(merge_patch(msgspec.json.decode(stored) if stored else {}, patch), Content)
    except msgspec.ValidationError as error:
        return [fault_of(str(error), Content, at)]


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
