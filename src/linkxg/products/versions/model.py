"""What is a version of a product?"""

from typing import Literal, NamedTuple

VersionStatus = Literal["DRAFT", "PUBLISHED", "SUPERSEDED", "WITHDRAWN"]


class VersionRow(NamedTuple):
    """A row of `product_versions`; times in milliseconds, `content` is canonical JSON, `digest` its SHA-256."""

    version: int
    status: VersionStatus
    content: str
    digest: bytes
    created_at: int
    created_by: str
    change_note: str | None
    published_at: int | None
    published_by: str | None
    withdrawn_at: int | None
    withdrawn_by: str | None
    withdraw_reason: str | None
