"""Creates a product."""

from msgspec.structs import replace
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.identifiers.sku import normal_sku, sku_forms
from linkxg.catalog.products import store
from linkxg.catalog.products.check_content import check_content
from linkxg.catalog.products.check_keys import check_identifiers, validation_failed
from linkxg.catalog.products.content import category_of
from linkxg.catalog.products.duplicate_errors import duplicate_error
from linkxg.catalog.products.model import (
    CreateProduct,
    Product,
    ProductRecord,
    ProductView,
    search_key_of,
    view_product,
)
from linkxg.catalog.products.versions.store import insert_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request
from linkxg.errors import Conflict, DuplicateGtin, PublicError
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import uuid7


async def create_product(
    database: Database, actor: Actor, account_id: str, requested: CreateProduct, idempotency_key: str | None = None
) -> IdempotentOutcome[Product]:
    """Raises ValidationFailed, DuplicateSku, DuplicateGtin, IdempotencyKeyReused, or Conflict if the product of the
    original request has been deleted.
    """
    requested = replace(requested, sku=normal_sku(requested.sku))
    gtin, errors = check_identifiers(requested)
    checked = check_content(requested.content)
    if errors or checked.form is None:
        raise validation_failed([*errors, *checked.errors])
    form, now = checked.form, now_ms()
    head = ProductRecord.draft(uuid7(), requested.sku, gtin, category_of(requested.content), now)
    search_key = search_key_of(requested.sku, requested.content)

    def create(conn: Connection) -> Product | PublicError:
        store.lock_identifiers(conn, account_id)
        if len(sku_forms(head.sku)) > 1:
            # The unique index covers one form of the SKU only.
            same_sku, _ = store.find_holders(conn, account_id, sku=head.sku, gtin14=None)
            if duplicate := duplicate_error(same_sku, None):
                return duplicate
        if not store.insert_record(conn, account_id, head, search_key):
            holders = store.find_holders(conn, account_id, sku=head.sku, gtin14=head.gtin14)
            return duplicate_error(*holders) or DuplicateGtin()
        insert_version(
            conn, account_id, head.id, version=1, status="DRAFT", digest=form.digest, content=form.text,
            created_at=now, created_by=actor.id or "",
        )  # fmt: skip
        audit.record(conn, account_id, actor, "product.created", head.id, {"sku": head.sku})
        return view_product(ProductView(head, 1, "DRAFT", form.digest, form.text))

    def replay(conn: Connection, recorded: Recorded) -> Product | Conflict:
        created = recorded.read(Product)
        if store.find_record(conn, account_id, created.id) is not None:
            return created
        return Conflict("This request was already answered, but its product has since been deleted.")

    request = Request(account_id, "POST /products", idempotency_key, [actor.id, requested])
    return await write_once(database, actor, request, create, replay)
