"""Requests about products and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from linkxg_client.call import Call, body, key, nothing, one, params, path
from linkxg_client.models.products import Product, ProductStatus, Version
from linkxg_client.pages import PageCall, page_of

READ, DELETE = "products:read", "products:write"
WRITE = "products:read products:write"
"""The answer to a change has the product only for who may read it."""
Content = Mapping[str, Any]


def list_products(
    status: ProductStatus | None = None,
    sku: str | None = None,
    gtin: str | None = None,
    category: str | None = None,
    q: str | None = None,
    updated_since: datetime | None = None,
    sort: Literal["updatedAt", "sku"] | None = None,
    limit: int | None = None,
) -> PageCall[Product]:
    """The account's products, oldest change first; filters can be combined."""
    asked = params(status=status, sku=sku, gtin=gtin, category=category, q=q, updated_since=updated_since,
                   sort=sort, limit=limit)  # fmt: skip
    return lambda cursor: Call("GET", "/products", READ, page_of(Product), asked | params(cursor=cursor))


def get(product_id: str, version: int | Literal["draft", "latest"] | None = None) -> Call[Product]:
    """One product, with its latest published version or, if there is none, its draft."""
    return Call("GET", path("products", product_id), READ, one(Product), params(version=version))


def by_sku(sku: str) -> Call[Product]:
    """The product with this SKU."""
    return Call("GET", path("products", "by-sku", sku), READ, one(Product))


def by_gtin(gtin: str) -> Call[Product]:
    """The product with this GTIN, in any of its lengths."""
    return Call("GET", path("products", "by-gtin", gtin), READ, one(Product))


def create(sku: str, content: Content, gtin: str | None = None, idempotency_key: str | None = None) -> Call[Product]:
    """Create a product with a draft."""
    made = body(sku=sku, gtin=gtin) | {"content": dict(content)}
    return Call("POST", "/products", WRITE, one(Product), headers=key(idempotency_key), json=made)


def update(product_id: str, patch: Mapping[str, Any], if_match: str | None = None) -> Call[Product]:
    """Change SKU, GTIN and the content of the draft by a merge patch (RFC 7396)."""
    headers = {"Content-Type": "application/merge-patch+json"} | _match(if_match)
    return Call("PATCH", path("products", product_id), WRITE, one(Product), headers=headers, json=dict(patch))


def publish(
    product_id: str, change_note: str | None = None, if_match: str | None = None, idempotency_key: str | None = None
) -> Call[Product]:
    """Publish the draft; it never changes again."""
    headers = _match(if_match) | key(idempotency_key)
    address = path("products", product_id, "publish")
    return Call("POST", address, WRITE, one(Product), headers=headers, json=body(change_note=change_note))


def discard_draft(product_id: str, if_match: str | None = None) -> Call[Product]:
    """Discard the draft of a published product."""
    return Call("DELETE", path("products", product_id, "draft"), WRITE, one(Product), headers=_match(if_match))


def delete(product_id: str, if_match: str | None = None) -> Call[None]:
    """Delete a product that was never published; archive one that was."""
    return Call("DELETE", path("products", product_id), DELETE, nothing, headers=_match(if_match))


def unarchive(product_id: str) -> Call[Product]:
    """Unarchive a product."""
    return Call("POST", path("products", product_id, "unarchive"), WRITE, one(Product))


def list_versions(product_id: str, limit: int | None = None) -> PageCall[Version]:
    """The versions of a product, newest first."""
    address = path("products", product_id, "versions")
    return lambda cursor: Call("GET", address, READ, page_of(Version), params(limit=limit, cursor=cursor))


def get_version(product_id: str, version: int) -> Call[Version]:
    """One version."""
    return Call("GET", path("products", product_id, "versions", version), READ, one(Version))


def withdraw_version(product_id: str, version: int, reason: str) -> Call[Version]:
    """Withdraw a published version: it stays readable, with the reason."""
    address = path("products", product_id, "versions", version, "withdraw")
    return Call("POST", address, WRITE, one(Version), json={"reason": reason})


def _match(etag: str | None) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}
