"""Rows of shares."""

from typing import NamedTuple


class LiveShare(NamedTuple):
    type: str
    product_id: str | None
    category: str | None
    viewer_id: str
    connection_id: str

    def covers(self, product_id: str, category: str | None) -> bool:
        """Whether the viewer sees this product, with this category of its published content."""
        return (
            self.type == "ALL"
            or (self.type == "PRODUCT" and self.product_id == product_id)
            or (self.type == "CATEGORY" and self.category == category)
        )


class ExpiredShare(NamedTuple):
    viewer_id: str
    id: str
    connection_id: str
    product_id: str | None
    expires_at: int
