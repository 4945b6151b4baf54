"""Rows of shares."""

from typing import NamedTuple

ALL_PRODUCTS, OF_CATEGORY = "*", "c:"


def subject_of(type: str, product_id: str | None, category: str | None) -> str | None:
    """Of which products a share is, in one text."""
    if type == "PRODUCT":
        return product_id
    return ALL_PRODUCTS if type == "ALL" else f"{OF_CATEGORY}{category}"


class LiveShare(NamedTuple):
    subject: str
    versions: str
    viewer_id: str
    connection_id: str

    @property
    def shows_all_versions(self) -> bool:
        return self.versions == "ALL"


class ExpiredShare(NamedTuple):
    viewer_id: str
    id: str
    connection_id: str
    product_id: str | None
    expires_at: int
