"""Requests of one company for a share of another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from linkxg_client.call import Call, body, key, one, params, path
from linkxg_client.models.connections import Direction
from linkxg_client.models.shares import SharedTraceability, SharedVersions, ShareRequest
from linkxg_client.pages import PageCall, page_of

READ, WRITE = "connections:read", "connections:write"


def list_requests(
    direction: Direction | None = None,
    status: Literal["PENDING", "APPROVED", "DECLINED", "CANCELLED"] | None = None,
    limit: int | None = None,
) -> PageCall[ShareRequest]:
    """The requests to and by the account, newest first."""
    asked = params(direction=direction, status=status, limit=limit)
    return lambda cursor: Call("GET", "/requests", READ, page_of(ShareRequest), asked | params(cursor=cursor))


def get(request_id: str) -> Call[ShareRequest]:
    """One request."""
    return Call("GET", path("requests", request_id), READ, one(ShareRequest))


def send(
    connection_id: str,
    type: Literal["PRODUCT", "TRACE", "DPP"],
    purpose: str,
    *,
    gtin: str | None = None,
    product_id: str | None = None,
    item: str | None = None,
    idempotency_key: str | None = None,
) -> Call[ShareRequest]:
    """Ask a partner for a share. The answer does not tell whether they have the product."""
    made = body(type=type, purpose=purpose, gtin=gtin, product_id=product_id, item=item)
    address = path("connections", connection_id, "requests")
    return Call("POST", address, WRITE, one(ShareRequest), headers=key(idempotency_key), json=made)


def approve(
    request_id: str,
    expires_at: datetime,
    *,
    fields: Sequence[str] | None = None,
    versions: SharedVersions | None = None,
    traceability: SharedTraceability | None = None,
    product_id: str | None = None,
) -> Call[ShareRequest]:
    """Approve a request: the requester sees the product until the share expires."""
    made = body(expires_at=expires_at, fields=fields, versions=versions, traceability=traceability,
                product_id=product_id)  # fmt: skip
    return Call("POST", path("requests", request_id, "approve"), WRITE, one(ShareRequest), json=made)


def decline(request_id: str, reason: str | None = None) -> Call[ShareRequest]:
    """Decline a request; the requester sees the reason."""
    return Call("POST", path("requests", request_id, "decline"), WRITE, one(ShareRequest), json=body(reason=reason))


def cancel(request_id: str) -> Call[ShareRequest]:
    """Cancel a request of your own that has not been decided."""
    return Call("POST", path("requests", request_id, "cancel"), WRITE, one(ShareRequest))
