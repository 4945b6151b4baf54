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

    def covers(self, product_id: str, category: str | None) -> bool:
        """Whether the viewer sees this product, with this category of its published content."""
        return (
            self.type == "ALL"
            or (self.type == "PRODUCT" and self.product_id == product_id)
            or (self.type == "CATEGORY" and self.category == category)
        )


class ExpiredShare(NamedTuple):
    id: str
    connection_id: str
    product_id: str | None
    expires_at: int
