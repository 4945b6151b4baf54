"""Publishes the draft of a product: it becomes immutable, and supersedes the version published before."""

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products import store
from linkxg.catalog.products.canonical import content_hash
from linkxg.catalog.products.change_product import Precondition
from linkxg.catalog.products.model import Product, ProductView, view_product
from linkxg.catalog.products.publication import Publication, PublishHooks, publish_draft
from linkxg.catalog.products.versions.model import PublishProduct
from linkxg.catalog.products.versions.store import find_product_view, find_version, supersede, update_version
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
    requested: PublishProduct,
    precondition: Precondition,
    hooks: PublishHooks,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Product]:
    """The product with the published version.

    Raises NotFound, PreconditionFailed, InvalidState, NoDraft, IdempotencyKeyReused, Conflict if the version of the
    original request has been withdrawn, or ValidationFailed with every missing field.
    """
    if not is_uuid(product_id):
        raise NotFound

    def run(conn: Connection) -> Product | PublicError:
        shown = publish(conn, actor, account_id, product_id, requested, precondition, hooks)
        return shown if isinstance(shown, PublicError) else view_product(shown)

    def replay(conn: Connection, recorded: Recorded) -> Product | Conflict:
        published = recorded.read(Product)
        row = find_version(conn, account_id, product_id, published.version)
        if row is not None and row.status != "WITHDRAWN":
            return published
        return Conflict("This request was already answered, but the version has since been withdrawn.")

    request = Request(account_id, f"POST /products/{product_id}/publish", idempotency_key, [actor.id, requested])
    return await write_once(database, actor, request, run, replay)


def publish(
    conn: Connection,
    actor: Actor,
    account_id: str,
    product_id: str,
    requested: PublishProduct,
    precondition: Precondition,
    hooks: PublishHooks,
) -> ProductView | PublicError:
    """`publish_product` within a transaction."""
    while True:
        base = find_product_view(conn, account_id, product_id, "base")
        if base is None:
            return NotFound()
        head = base.head
        if not precondition(head.revision):
            return PreconditionFailed()
        if head.status == "ARCHIVED":
            return InvalidState("An archived product cannot be published.")
        if head.draft_version is None:
            return NoDraft()
        planned = publish_draft(head, base.version, base.content)
        if isinstance(planned, list):
            return ValidationFailed("The draft is not complete enough to be published.", details=planned)
        now = max(now_ms(), head.updated_at)
        written = planned.product._replace(revision=head.revision + 1, updated_at=now)
        values = {name: getattr(written, name) for name in _CHANGED}
        if store.update_record(
            conn, account_id, product_id, seen=head.revision, search_key=planned.search_key, **values
        ):
            break
    if head.latest_version is not None:
        supersede(conn, account_id, product_id, head.latest_version)
    update_version(
        conn, account_id, product_id, base.version,
        status="PUBLISHED", change_note=requested.change_note, published_at=now, published_by=actor.id or "",
    )  # fmt: skip
    details = {"sku": head.sku, "version": base.version, "contentHash": content_hash(base.digest)}
    audit.record(conn, account_id, actor, "product.published", product_id, details)
    for hook in hooks:
        hook(conn, [Publication(account_id, written, base.version, base.content, requested.issues_passport)])
    return base._replace(head=written, version_status="PUBLISHED")
