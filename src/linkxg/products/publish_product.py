"""Publishes the draft of a product.

The draft is frozen as it is, under the digest that it has; the version published before is superseded. Nobody can
change either any more.
"""

from typing import Any

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import Conflict, InvalidState, NoDraft, NotFound, PreconditionFailed, PublicError, ValidationFailed
from linkxg.ids import is_uuid
from linkxg.products import store
from linkxg.products.canonical import told
from linkxg.products.change_product import MayChange
from linkxg.products.content import category_of, read_content
from linkxg.products.find_missing import find_missing
from linkxg.products.model import Product, Shown, key_of, view
from linkxg.products.once import Answer, once
from linkxg.products.versions.model import PublishProduct
from linkxg.products.versions.store import find_shown, find_version, supersede, update_version


async def publish_product(
    database: Database,
    actor: Actor,
    account_id: str,
    product_id: str,
    given: PublishProduct,
    may_change: MayChange,
    idempotency_key: str | None = None,
) -> Answer[Product]:
    """The product with the version that was published.

    Raises NotFound, PreconditionFailed, InvalidState, NoDraft, IdempotencyKeyReused, Conflict for a repetition whose
    version has been withdrawn, or ValidationFailed, whose details are everything that is missing.
    """
    if not is_uuid(product_id):
        raise NotFound

    def make(conn: Connection) -> Product | PublicError:
        shown = publish(conn, actor, account_id, product_id, given.change_note, may_change)
        return shown if isinstance(shown, PublicError) else view(shown)

    def withdrawn(conn: Connection, published: Product) -> Conflict | None:
        row = find_version(conn, account_id, product_id, published.version)
        if row is not None and row.status != "WITHDRAWN":
            return None
        return Conflict("This request was answered before, and the version has been withdrawn since.")

    route = f"POST /products/{product_id}/publish"
    return await once(database, actor, account_id, route, given, idempotency_key, make, Product, withdrawn)


def publish(
    conn: Connection, actor: Actor, account_id: str, product_id: str, change_note: str | None, may_change: MayChange
) -> Shown | PublicError:
    """`publish_product` within a unit of work."""
    while True:
        base = find_shown(conn, account_id, product_id, "base")
        if base is None:
            return NotFound()
        head = base.head
        if not may_change(head.revision):
            return PreconditionFailed()
        if head.status == "ARCHIVED":
            return InvalidState("An archived product cannot be published.")
        if head.draft_version is None:
            return NoDraft()
        content = read_content(base.content)
        if missing := find_missing(head, content):
            return ValidationFailed("The draft is not complete enough to be published.", details=missing)
        now = max(now_ms(), head.updated_at)
        values: dict[str, Any] = {
            "status": "PUBLISHED",
            "category": category_of(content),
            "latest_version": base.version,
            "draft_version": None,
            "updated_at": now,
        }
        key = key_of(head.sku, content)
        if store.update_head(conn, account_id, product_id, seen=head.revision, search_key=key, **values):
            break
    if head.latest_version is not None:
        supersede(conn, account_id, product_id, head.latest_version)
    update_version(
        conn, account_id, product_id, base.version,
        status="PUBLISHED", change_note=change_note, published_at=now, published_by=actor.id or "",
    )  # fmt: skip
    details = {"sku": head.sku, "version": base.version, "contentHash": told(base.digest)}
    audit.record(conn, account_id, actor, "product.published", product_id, details)
    written = head._replace(revision=head.revision + 1, **values)
    return base._replace(head=written, version_status="PUBLISHED")
