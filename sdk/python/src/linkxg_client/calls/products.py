"""Requests about products and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from linkxg_client.call import Call, body, nothing, one, params
from linkxg_client.models.products import Product, ProductStatus, SharedProduct, Version
from linkxg_client.pages import PageCall, page_of

READ, DELETE, SHARED = "products:read", "products:write", "connections:read"
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
    return Call("GET", f"/products/{_part(product_id)}", READ, one(Product), params(version=version))


def by_sku(sku: str) -> Call[Product]:
    """The product with this SKU."""
    return Call("GET", f"/products/by-sku/{_part(sku)}", READ, one(Product))


def by_gtin(gtin: str) -> Call[Product]:
    """The product with this GTIN, in any of its lengths."""
    return Call("GET", f"/products/by-gtin/{_part(gtin)}", READ, one(Product))


def create(sku: str, content: Content, gtin: str | None = None, idempotency_key: str | None = None) -> Call[Product]:
    """Create a product with a draft."""
    made = body(sku=sku, gtin=gtin) | {"content": dict(content)}
    return Call("POST", "/products", WRITE, one(Product), headers=_key(idempotency_key), json=made)


def update(product_id: str, patch: Mapping[str, Any], if_match: str | None = None) -> Call[Product]:
    """Change SKU, GTIN and the content of the draft by a merge patch (RFC 7396)."""
    headers = {"Content-Type": "application/merge-patch+json"} | _match(if_match)
    return Call("PATCH", f"/products/{_part(product_id)}", WRITE, one(Product), headers=headers, json=dict(patch))


def publish(
    product_id: str, change_note: str | None = None, if_match: str | None = None, idempotency_key: str | None = None
) -> Call[Product]:
    """Publish the draft; it never changes again."""
    headers = _match(if_match) | _key(idempotency_key)
    path = f"/products/{_part(product_id)}/publish"
    return Call("POST", path, WRITE, one(Product), headers=headers, json=body(change_note=change_note))


def discard_draft(product_id: str, if_match: str | None = None) -> Call[Product]:
    """Discard the draft of a published product."""
    return Call("DELETE", f"/products/{_part(product_id)}/draft", WRITE, one(Product), headers=_match(if_match))


def delete(product_id: str, if_match: str | None = None) -> Call[None]:
    """Delete a product that was never published; archive one that was."""
    return Call("DELETE", f"/products/{_part(product_id)}", DELETE, nothing, headers=_match(if_match))


def unarchive(product_id: str) -> Call[Product]:
    """Unarchive a product."""
    return Call("POST", f"/products/{_part(product_id)}/unarchive", WRITE, one(Product))


def list_versions(product_id: str, limit: int | None = None) -> PageCall[Version]:
    """The versions of a product, newest first."""
    path = f"/products/{_part(product_id)}/versions"
    return lambda cursor: Call("GET", path, READ, page_of(Version), params(limit=limit, cursor=cursor))


def get_version(product_id: str, version: int) -> Call[Version]:
    """One version."""
    return Call("GET", f"/products/{_part(product_id)}/versions/{version}", READ, one(Version))


def withdraw_version(product_id: str, version: int, reason: str) -> Call[Version]:
    """Withdraw a published version: it stays readable, with the reason."""
    path = f"/products/{_part(product_id)}/versions/{version}/withdraw"
    return Call("POST", path, WRITE, one(Version), json={"reason": reason})


def list_shared(q: str | None = None, limit: int | None = None) -> PageCall[SharedProduct]:
    """What partners share with the account."""
    asked = params(q=q, limit=limit)
    return lambda cursor: Call("GET", "/shared/products", SHARED, page_of(SharedProduct), asked | params(cursor=cursor))


def get_shared(product_id: str) -> Call[SharedProduct]:
    """One product of a partner."""
    return Call("GET", f"/shared/products/{_part(product_id)}", SHARED, one(SharedProduct))


def _part(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


def _match(etag: str | None) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}


def _key(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}
