"""Unarchives a product, with its versions and its draft.

Its SKU was reserved. Its GTIN was not: if another product has it now, that one must give it up first, because a
published product must keep a GTIN.
"""

from typing import Any

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products import store
from linkxg.catalog.products.change_product import Precondition
from linkxg.catalog.products.model import Product, ProductRecord, view_product
from linkxg.catalog.products.update_record import change_record
from linkxg.catalog.products.versions.store import find_product_view
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request
from linkxg.errors import Conflict, DuplicateGtin, InvalidState, NotFound, PublicError
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid

GTIN_TAKEN = (
    "Another product took this GTIN while this one was archived. Give that product another GTIN or archive it, "
    "then unarchive this one."
)


async def unarchive_product(
    database: Database,
    actor: Actor,
    account_id: str,
    product_id: str,
    precondition: Precondition,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Product]:
    """Raises NotFound, PreconditionFailed, InvalidState, DuplicateGtin, Conflict or IdempotencyKeyReused."""
    if not is_uuid(product_id):
        raise NotFound

    def run(conn: Connection) -> Product | PublicError:
        store.lock_identifiers(conn, account_id)

        def attempt(head: ProductRecord) -> ProductRecord | PublicError | None:
            if head.status != "ARCHIVED":
                return InvalidState("This product is not archived.")
            _, gtin_holder = store.find_holders(
                conn, account_id, sku=head.sku, gtin14=head.gtin14, except_id=product_id
            )
            if gtin_holder:
                return DuplicateGtin(GTIN_TAKEN)
            # Only published products are archived.
            values: dict[str, Any] = {"status": "PUBLISHED", "updated_at": max(now_ms(), head.updated_at)}
            return head if store.update_record(conn, account_id, product_id, seen=head.revision, **values) else None

        head = change_record(conn, account_id, product_id, precondition, attempt)
        if isinstance(head, PublicError):
            return head
        audit.record(conn, account_id, actor, "product.unarchived", product_id, {"sku": head.sku})
        shown = find_product_view(conn, account_id, product_id)
        return NotFound() if shown is None else view_product(shown)

    def replay(conn: Connection, recorded: Recorded) -> Product | Conflict:
        head = store.find_record(conn, account_id, product_id)
        if head is not None and head.status != "ARCHIVED":
            return recorded.read(Product)
        return Conflict("This request was already answered, but the product has since been archived again.")

    request = Request(account_id, f"POST /products/{product_id}/unarchive", idempotency_key, [actor.id, None])
    return await write_once(database, actor, request, run, replay)
