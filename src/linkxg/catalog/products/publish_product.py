"""Publishes the draft of a product.

The draft is frozen as it is, under the digest that it has; the version published before is superseded. Nobody can
change either any more.
"""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products import store
from linkxg.catalog.products.canonical import quoted
from linkxg.catalog.products.change_product import MayChange
from linkxg.catalog.products.model import Product, ProductView, view
from linkxg.catalog.products.publish_rules import publish_draft
from linkxg.catalog.products.versions.model import PublishProduct
from linkxg.catalog.products.versions.store import find_shown, find_version, supersede, update_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request
from linkxg.errors import Conflict, InvalidState, NoDraft, NotFound, PreconditionFailed, PublicError, ValidationFailed
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid

_CHANGED = ("status", "category", "latest_version", "draft_version", "updated_at")


async def publish_product(
    database: Database,
    actor: Actor,
    account_id: str,
    product_id: str,
    given: PublishProduct,
    may_change: MayChange,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Product]:
    """The product with the version that was published.

    Raises NotFound, PreconditionFailed, InvalidState, NoDraft, IdempotencyKeyReused, Conflict for a repetition whose
    version has been withdrawn, or ValidationFailed, whose details are everything that is missing.
    """
    if not is_uuid(product_id):
        raise NotFound

    def make(conn: Connection) -> Product | PublicError:
        shown = publish(conn, actor, account_id, product_id, given.change_note, may_change)
        return shown if isinstance(shown, PublicError) else view(shown)

    def recall(conn: Connection, recorded: Recorded) -> Product | Conflict:
        published = recorded.read(Product)
        row = find_version(conn, account_id, product_id, published.version)
        if row is not None and row.status != "WITHDRAWN":
            return published
        return Conflict("This request was already answered, but the version has since been withdrawn.")

    request = Request(account_id, f"POST /products/{product_id}/publish", idempotency_key, [actor.id, given])
    return await write_once(database, actor, request, make, recall)


def publish(
    conn: Connection, actor: Actor, account_id: str, product_id: str, change_note: str | None, may_change: MayChange
) -> ProductView | PublicError:
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
        planned = publish_draft(head, base.version, base.content)
        if isinstance(planned, list):
            return ValidationFailed("The draft is not complete enough to be published.", details=planned)
        now = max(now_ms(), head.updated_at)
        written = planned.head._replace(revision=head.revision + 1, updated_at=now)
        values = {name: getattr(written, name) for name in _CHANGED}
        if store.update_head(conn, account_id, product_id, seen=head.revision, search_key=planned.search_key, **values):
            break
    if head.latest_version is not None:
        supersede(conn, account_id, product_id, head.latest_version)
    update_version(
        conn, account_id, product_id, base.version,
        status="PUBLISHED", change_note=change_note, published_at=now, published_by=actor.id or "",
    )  # fmt: skip
    details = {"sku": head.sku, "version": base.version, "contentHash": quoted(base.digest)}
    audit.record(conn, account_id, actor, "product.published", product_id, details)
    return base._replace(head=written, version_status="PUBLISHED")
