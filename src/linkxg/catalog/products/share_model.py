"""Rows of shares."""

from typing import NamedTuple


class LiveShare(NamedTuple):
    type: str
    product_id: str | None
    category: str | None
    versions: str
    viewer_id: str
    connection_id: str

    @property
    def shows_all_versions(self) -> bool:
        return self.versions == "ALL"

    @property
    def subject(self) -> tuple[str, str | None]:
        """Of which products it is."""
        return self.type, self.product_id if self.type == "PRODUCT" else self.category


class ExpiredShare(NamedTuple):
    viewer_id: str
    id: str
    connection_id: str
    product_id: str | None
    expires_at: int
