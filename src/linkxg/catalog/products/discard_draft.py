"""Discards the draft of a published product; readers see no difference."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products import store
from linkxg.catalog.products.change_product import Precondition
from linkxg.catalog.products.model import Product, ProductRecord, view_product
from linkxg.catalog.products.update_record import change_record
from linkxg.catalog.products.versions.store import delete_drafts, find_product_view
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import InvalidState, NoDraft, NotFound, PublicError
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import is_uuid


async def discard_draft(
    database: Database, actor: Actor, account_id: str, product_id: str, precondition: Precondition
) -> Product:
    """The product with its latest version. Raises NotFound, PreconditionFailed, InvalidState or NoDraft."""
    if not is_uuid(product_id):
        raise NotFound

    def unit(conn: Connection) -> Product | PublicError:
        def attempt(head: ProductRecord) -> ProductRecord | PublicError | None:
            if head.status == "ARCHIVED":
                return InvalidState("An archived product cannot be changed. Unarchive it first.")
            if head.draft_version is None:
                return NoDraft("There is no draft to discard.")
            if head.latest_version is None:
                return InvalidState("No version was ever published. Delete the product instead.")
            # The record first: the revision decides, and the row lock excludes other writers of the draft.
            updated_at = max(now_ms(), head.updated_at)
            changed = {"draft_version": None, "updated_at": updated_at}
            return head if store.update_record(conn, account_id, product_id, seen=head.revision, **changed) else None

        head = change_record(conn, account_id, product_id, precondition, attempt)
        if isinstance(head, PublicError):
            return head
        delete_drafts(conn, account_id, product_id)
        details = {"sku": head.sku, "version": head.draft_version, "revision": head.revision + 1}
        audit.record(conn, account_id, actor, "product.draft_discarded", product_id, details)
        shown = find_product_view(conn, account_id, product_id)
        return NotFound() if shown is None else view_product(shown)

    return value_or_raise(await write_as(database, actor, unit))
