"""Entries of the feed."""

from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

ChangeType = Literal[
    "CONNECTION_INVITED", "CONNECTION_ACCEPTED", "CONNECTION_DECLINED", "CONNECTION_REVOKED",
    "SHARE_ADDED", "SHARE_REMOVED", "SHARE_EXPIRED",
    "PRODUCT_PUBLISHED", "PRODUCT_UPDATED", "PRODUCT_WITHDRAWN", "PRODUCT_ARCHIVED", "PRODUCT_UNARCHIVED",
    "ACKNOWLEDGED", "REQUEST_RECEIVED", "REQUEST_APPROVED", "REQUEST_DECLINED", "REQUEST_CANCELLED",
    "RECALL_NOTICE", "RECALL_ACKNOWLEDGED", "RECALL_WITHDRAWN",
]  # fmt: skip


class Change(NamedTuple):
    """What changed for an account, as it is appended to its feed."""

    type: ChangeType
    connection_id: str | None = None
    share_id: str | None = None
    request_id: str | None = None
    product_id: str | None = None
    version: int | None = None
    notice_id: str | None = None


class FeedEntry(msgspec.Struct, rename="camel"):
    """An entry of the feed; `seq` grows without gaps, and continues higher after a restore of the service."""

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "seq": 17,
        "type": "PRODUCT_UPDATED",
        "connectionId": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "productId": "01a20900-46b1-7977-8501-b67e3b66cab2",
        "version": 3,
    }

    seq: int
    type: ChangeType
    connection_id: str | None
    share_id: str | None
    request_id: str | None
    product_id: str | None
    version: int | None
    notice_id: str | None
    at: str
