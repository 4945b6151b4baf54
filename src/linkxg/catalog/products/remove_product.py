"""Removes a product: one that was never published is deleted, any other is archived.

Published versions stay readable, because they describe articles on the market.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products import store
from linkxg.catalog.products.change_product import Precondition
from linkxg.catalog.products.model import ProductRecord
from linkxg.catalog.products.publication import StateHooks
from linkxg.catalog.products.update_record import change_record
from linkxg.catalog.products.versions.store import delete_drafts
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import NotFound, PublicError
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import is_uuid


async def remove_product(
    database: Database,
    actor: Actor,
    account_id: str,
    product_id: str,
    precondition: Precondition,
    hooks: StateHooks,
) -> None:
    """Raises NotFound or PreconditionFailed. An archived product stays archived."""
    if not is_uuid(product_id):
        raise NotFound

    def unit(conn: Connection) -> PublicError | None:
        def attempt(head: ProductRecord) -> tuple[ProductRecord, str | None] | None:
            if head.status == "ARCHIVED":
                return head, None
            if head.latest_version is None:
                return (head, "product.deleted") if _delete(conn, account_id, head) else None
            return (head, "product.archived") if _archive(conn, account_id, head) else None

        outcome = change_record(conn, account_id, product_id, precondition, attempt)
        if isinstance(outcome, PublicError):
            return outcome
        head, action = outcome
        if action is not None:
            audit.record(conn, account_id, actor, action, product_id, {"sku": head.sku})
        if action == "product.archived":
            for hook in hooks:
                hook(conn, account_id, "PRODUCT_ARCHIVED", head, None)
        return None

    refused = await write_as(database, actor, unit)
    if refused is not None:
        raise refused


def _delete(conn: Connection, account_id: str, head: ProductRecord) -> bool:
    # The record first: the revision decides, and the row lock excludes a new version.
    if not store.update_record(conn, account_id, head.id, seen=head.revision):
        return False
    delete_drafts(conn, account_id, head.id)
    return store.delete_record(conn, account_id, head.id, seen=head.revision + 1)


def _archive(conn: Connection, account_id: str, head: ProductRecord) -> bool:
    """This frees its GTIN, but not its SKU, which identifies the product in the account's own records."""
    updated_at = max(now_ms(), head.updated_at)
    return store.update_record(conn, account_id, head.id, seen=head.revision, status="ARCHIVED", updated_at=updated_at)
