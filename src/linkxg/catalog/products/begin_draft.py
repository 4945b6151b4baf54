"""Begins a draft with the content of an old version."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products import store
from linkxg.catalog.products.change_product import Precondition
from linkxg.catalog.products.model import Product, ProductRecord, view_product
from linkxg.catalog.products.read_product import is_version
from linkxg.catalog.products.update_record import change_record
from linkxg.catalog.products.versions.model import VersionRow
from linkxg.catalog.products.versions.store import find_product_view, find_version, insert_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.outcomes import value_or_raise
from linkxg.errors import InvalidState, NotFound, PublicError
from linkxg.identity.authorization.write_as import write_as
from linkxg.ids import is_uuid


async def begin_draft(
    database: Database, actor: Actor, account_id: str, product_id: str, version: int, precondition: Precondition
) -> Product:
    """The product with its new draft. Raises NotFound, PreconditionFailed or InvalidState."""
    if not is_uuid(product_id) or not is_version(version):
        raise NotFound

    def unit(conn: Connection) -> Product | PublicError:
        def attempt(head: ProductRecord) -> tuple[ProductRecord, VersionRow, int, int] | PublicError | None:
            row = find_version(conn, account_id, product_id, version)
            if row is None:
                return NotFound()
            if head.status == "ARCHIVED":
                return InvalidState("An archived product cannot be changed. Unarchive it first.")
            if head.draft_version is not None or head.latest_version is None:
                return InvalidState("There is already a draft. Publish or discard it first.")
            number, now = head.latest_version + 1, max(now_ms(), head.updated_at)
            changed = {"draft_version": number, "updated_at": now}
            updated = store.update_record(conn, account_id, product_id, seen=head.revision, **changed)
            return (head, row, number, now) if updated else None

        outcome = change_record(conn, account_id, product_id, precondition, attempt)
        if isinstance(outcome, PublicError):
            return outcome
        head, row, number, now = outcome
        insert_version(
            conn, account_id, product_id, version=number, status="DRAFT", digest=row.digest, content=row.content,
            created_at=now, created_by=actor.id or "",
        )  # fmt: skip
        details = {"sku": head.sku, "version": number, "from": version, "revision": head.revision + 1}
        audit.record(conn, account_id, actor, "product.draft_begun", product_id, details)
        shown = find_product_view(conn, account_id, product_id, "draft")
        return NotFound() if shown is None else view_product(shown)

    return value_or_raise(await write_as(database, actor, unit))
