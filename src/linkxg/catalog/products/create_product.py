"""Creates a product."""

from msgspec.structs import replace
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.identifiers.sku import normal_sku, sku_forms
from linkxg.catalog.products import store
from linkxg.catalog.products.check_content import check_content
from linkxg.catalog.products.check_keys import check_head, refusal
from linkxg.catalog.products.content import category_of
from linkxg.catalog.products.duplicate_errors import duplicate_error
from linkxg.catalog.products.model import CreateProduct, Product, ProductRecord, ProductView, key_of, view
from linkxg.catalog.products.versions.store import insert_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request
from linkxg.errors import Conflict, DuplicateGtin, PublicError
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import uuid7


async def create_product(
    database: Database, actor: Actor, account_id: str, given: CreateProduct, idempotency_key: str | None = None
) -> IdempotentOutcome[Product]:
    """Raises ValidationFailed, DuplicateSku, DuplicateGtin, IdempotencyKeyReused, or Conflict for a repetition whose
    product has been deleted.
    """
    given = replace(given, sku=normal_sku(given.sku))
    gtin, faults = check_head(given)
    checked = check_content(given.content)
    if faults or checked.form is None:
        raise refusal([*faults, *checked.faults])
    form, now = checked.form, now_ms()
    gtin14, gtin_length = gtin or (None, None)
    head = ProductRecord(
        uuid7(), given.sku, gtin14, gtin_length, category_of(given.content), "DRAFT", None, 1, 1, now, now
    )
    search_key = key_of(given.sku, given.content)

    def make(conn: Connection) -> Product | PublicError:
        store.lock_identifiers(conn, account_id)
        if len(sku_forms(head.sku)) > 1:
            # The index knows the SKU in one form alone.
            same_sku, _ = store.find_holders(conn, account_id, sku=head.sku, gtin14=None)
            if refused := duplicate_error(same_sku, None):
                return refused
        if not store.insert_head(conn, account_id, head, search_key):
            holders = store.find_holders(conn, account_id, sku=head.sku, gtin14=head.gtin14)
            return duplicate_error(*holders) or DuplicateGtin()
        insert_version(
            conn, account_id, head.id, version=1, status="DRAFT", digest=form.digest, content=form.text,
            created_at=now, created_by=actor.id or "",
        )  # fmt: skip
        audit.record(conn, account_id, actor, "product.created", head.id, {"sku": head.sku})
        return view(ProductView(head, 1, "DRAFT", form.digest, form.text))

    def recall(conn: Connection, recorded: Recorded) -> Product | Conflict:
        made = recorded.read(Product)
        if store.find_head(conn, account_id, made.id) is not None:
            return made
        return Conflict("This request was already answered, but its product has since been deleted.")

    request = Request(account_id, "POST /products", idempotency_key, [actor.id, given])
    return await write_once(database, actor, request, make, recall)
