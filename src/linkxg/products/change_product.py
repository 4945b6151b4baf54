"""How is a product changed, and how does it cease to exist?

What is written is decided from the revision that was read, and written only if that revision still stands; when
another request was faster, it is decided anew from what that one left.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import DuplicateGtin, DuplicateSku, NotFound, PreconditionFailed, PublicError
from linkxg.ids import is_uuid
from linkxg.products import store
from linkxg.products.gtin import Gtin
from linkxg.products.merge_patch import merge_patch
from linkxg.products.model import Product, ProductPatch, ProductRow, name_key
from linkxg.products.product_rules import attributes_refusal, check_given
from linkxg.products.read_product import read_content, view

MayChange = Callable[[int], bool]
"""Whether the caller agrees to change the product at this revision."""


async def change_product(
    database: Database, actor: Actor, account_id: str, product_id: str, patch: ProductPatch, may_change: MayChange
) -> Product:
    """The product as it then is; at the same revision when the patch changes nothing.

    Raises NotFound, PreconditionFailed, ValidationFailed, DuplicateSku or DuplicateGtin.
    """
    if not is_uuid(product_id):
        raise NotFound
    gtin = check_given(patch)

    def unit(conn: Connection) -> Product | PublicError:
        if patch.sku is not UNSET or gtin is not None:
            store.lock_identifiers(conn, account_id)
        while True:
            row = store.find_product(conn, account_id, product_id)
            if row is None:
                return NotFound()
            if not may_change(row.revision):
                return PreconditionFailed()
            changed = _changed(row, patch, gtin)
            if isinstance(changed, PublicError):
                return changed
            if not changed:
                return view(row)
            if refusal := _taken(conn, account_id, row, changed):
                return refusal
            changed["updated_at"] = max(now_ms(), row.updated_at)
            if store.update_product(conn, account_id, product_id, seen=row.revision, **changed):
                break
        fields = [field for field in patch.__struct_fields__ if getattr(patch, field) is not UNSET]
        details = {"sku": row.sku, "fields": fields, "revision": row.revision + 1}
        audit.record(conn, account_id, actor, "product.updated", product_id, details)
        changed.pop("name_key", None)
        return view(row._replace(revision=row.revision + 1, **changed))

    outcome = await database.write(unit)
    if isinstance(outcome, PublicError):
        raise outcome
    return outcome


async def delete_product(
    database: Database, actor: Actor, account_id: str, product_id: str, may_change: MayChange
) -> None:
    """Raises NotFound or PreconditionFailed."""
    if not is_uuid(product_id):
        raise NotFound

    def unit(conn: Connection) -> PublicError | None:
        while True:
            row = store.find_product(conn, account_id, product_id)
            if row is None:
                return NotFound()
            if not may_change(row.revision):
                return PreconditionFailed()
            if store.delete_product(conn, account_id, product_id, seen=row.revision):
                break
        audit.record(conn, account_id, actor, "product.deleted", product_id, {"sku": row.sku})
        return None

    refusal = await database.write(unit)
    if refusal is not None:
        raise refusal


def _changed(row: ProductRow, patch: ProductPatch, gtin: Gtin | None) -> dict[str, Any] | PublicError:
    """The columns that get another value."""
    content = read_content(row.content)
    values: dict[str, Any] = {}
    if patch.sku is not UNSET:
        values["sku"] = patch.sku
    if patch.gtin is not UNSET:
        values["gtin14"], values["gtin_length"] = gtin or (None, None)
    if patch.category is not UNSET:
        values["category"] = patch.category
    if patch.name is not UNSET:
        content.name = patch.name
        values["name_key"] = name_key(patch.name)
    if patch.description is not UNSET:
        content.description = patch.description
    if patch.brand is not UNSET:
        content.brand = patch.brand
    if patch.attributes is not UNSET:
        content.attributes = merge_patch(content.attributes, patch.attributes) or {}
        if refusal := attributes_refusal(content.attributes):
            return refusal
    # Compared as JSON: in Python 1, 1.0 and true are equal.
    values["content"] = msgspec.json.encode(content).decode()
    if values["content"] == row.content:
        values.pop("name_key", None)
    return {name: value for name, value in values.items() if value != getattr(row, name, None)}


def _taken(conn: Connection, account_id: str, row: ProductRow, changed: dict[str, Any]) -> PublicError | None:
    """Whether another product has the SKU or GTIN that this one is to get."""
    if "sku" not in changed and changed.get("gtin14") is None:
        return None
    sku, gtin14 = changed.get("sku", row.sku), changed.get("gtin14", row.gtin14)
    same_sku, same_gtin = store.find_holders(conn, account_id, sku=sku, gtin14=gtin14, besides=row.id)
    return DuplicateSku() if same_sku else DuplicateGtin() if same_gtin else None
