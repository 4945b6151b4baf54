"""Requests about products of partners."""

from __future__ import annotations

from collections.abc import Sequence

from linkxg_client.call import Call, body, key, one, params, path
from linkxg_client.models.products import Product
from linkxg_client.models.shared_products import SharedProduct, SharedVersion
from linkxg_client.models.shares import Acknowledgement, AcknowledgementStatus
from linkxg_client.pages import PageCall, page_of

READ, WRITE = "connections:read", "connections:write"
ADOPT = "connections:read products:read products:write"


def list_products(
    connection_id: str | None = None, gtin: str | None = None, q: str | None = None, limit: int | None = None
) -> PageCall[SharedProduct]:
    """What partners share with the account; the latest published versions."""
    asked = params(connection_id=connection_id, gtin=gtin, q=q, limit=limit)
    return lambda cursor: Call("GET", "/shared/products", READ, page_of(SharedProduct), asked | params(cursor=cursor))


def get(product_id: str) -> Call[SharedProduct]:
    """One product of a partner."""
    return Call("GET", path("shared", "products", product_id), READ, one(SharedProduct))


def list_versions(product_id: str, limit: int | None = None) -> PageCall[SharedVersion]:
    """Its published versions; only the latest unless all are shared."""
    address = path("shared", "products", product_id, "versions")
    return lambda cursor: Call("GET", address, READ, page_of(SharedVersion), params(limit=limit, cursor=cursor))


def get_version(product_id: str, version: int) -> Call[SharedVersion]:
    """One of them."""
    return Call("GET", path("shared", "products", product_id, "versions", version), READ, one(SharedVersion))


def acknowledge(
    product_id: str, status: AcknowledgementStatus, reason: str | None = None, fields: Sequence[str] | None = None
) -> Call[Acknowledgement]:
    """Tell the owner that the latest version is accepted, rejected or in review."""
    made = body(status=status, reason=reason, fields=fields)
    address = path("shared", "products", product_id, "acknowledge")
    return Call("POST", address, WRITE, one(Acknowledgement), json=made)


def adopt(product_id: str, sku: str | None = None, idempotency_key: str | None = None) -> Call[Product]:
    """Create an own product with a draft of what is shared."""
    address = path("shared", "products", product_id, "adopt")
    return Call("POST", address, ADOPT, one(Product), headers=key(idempotency_key), json=body(sku=sku))
