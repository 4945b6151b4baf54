"""Requests about shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from linkxg_client.call import Call, body, key, nothing, one, params, path
from linkxg_client.models.shares import ProductShare, Share, SharedTraceability, SharedVersions, SharePreview, ShareType
from linkxg_client.pages import PageCall, page_of

READ, WRITE = "connections:read", "connections:write"
PREVIEW = "connections:write products:read"


def list_shares(connection_id: str, limit: int | None = None) -> PageCall[Share]:
    """What the account shares by a connection, and has shared; newest first."""
    address = path("connections", connection_id, "shares")
    return lambda cursor: Call("GET", address, READ, page_of(Share), params(limit=limit, cursor=cursor))


def list_of_product(product_id: str, limit: int | None = None) -> PageCall[ProductShare]:
    """Who sees a published product, what of it, and what they answered."""
    address = path("products", product_id, "shares")
    return lambda cursor: Call("GET", address, READ, page_of(ProductShare), params(limit=limit, cursor=cursor))


def get(share_id: str) -> Call[Share]:
    """One share."""
    return Call("GET", path("shares", share_id), READ, one(Share))


def create(
    connection_id: str,
    type: ShareType,
    *,
    product_id: str | None = None,
    category: str | None = None,
    fields: Sequence[str] | None = None,
    versions: SharedVersions | None = None,
    traceability: SharedTraceability | None = None,
    trace_tiers: int | None = None,
    passport_roles: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> Call[Share]:
    """Share a product, a category or all products with a partner. `preview` shows before what they will see."""
    made = body(type=type, product_id=product_id, category=category, fields=fields, versions=versions,
                traceability=traceability, trace_tiers=trace_tiers, passport_roles=passport_roles,
                expires_at=expires_at)  # fmt: skip
    address = path("connections", connection_id, "shares")
    return Call("POST", address, WRITE, one(Share), headers=key(idempotency_key), json=made)


def preview(
    connection_id: str,
    type: ShareType,
    *,
    product_id: str | None = None,
    category: str | None = None,
    fields: Sequence[str] | None = None,
    versions: SharedVersions | None = None,
) -> Call[SharePreview]:
    """What a partner would see by a share. Nothing is shared."""
    made = body(type=type, product_id=product_id, category=category, fields=fields, versions=versions)
    address = path("connections", connection_id, "shares")
    return Call("POST", address, PREVIEW, one(SharePreview), params(dry_run=True), json=made)


def withdraw(share_id: str) -> Call[None]:
    """Withdraw a share. It ends immediately."""
    return Call("DELETE", path("shares", share_id), WRITE, nothing)
