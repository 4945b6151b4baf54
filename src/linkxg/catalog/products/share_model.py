"""Rows of shares."""

from typing import NamedTuple


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
