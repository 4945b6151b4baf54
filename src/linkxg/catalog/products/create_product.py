"""Creates a product."""

from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.identifiers.sku import normal_sku, sku_forms
from linkxg.catalog.products import store
from linkxg.catalog.products.canonical import Canonical
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


class NewProduct(NamedTuple):
    """A checked CreateProduct."""

    head: ProductRecord
    form: Canonical
    search_key: str


async def create_product(
    database: Database, actor: Actor, account_id: str, requested: CreateProduct, idempotency_key: str | None = None
) -> IdempotentOutcome[Product]:
    """Raises ValidationFailed, DuplicateSku, DuplicateGtin, IdempotencyKeyReused, or Conflict if the product of the
    original request has been deleted.
    """
    requested = replace(requested, sku=normal_sku(requested.sku))
    new = check_product(requested)

    def create(conn: Connection) -> Product | PublicError:
        made = insert_product(conn, actor, account_id, new)
        if isinstance(made, PublicError):
            return made
        audit.record(conn, account_id, actor, "product.created", made.id, {"sku": made.sku})
        return made

    request = Request(account_id, "POST /products", idempotency_key, [actor.id, requested])
    return await write_once(
        database, actor, request, create, lambda conn, found: recall_product(conn, account_id, found)
    )


def check_product(requested: CreateProduct) -> NewProduct:
    """Raises ValidationFailed. The SKU is in normal form."""
    gtin, errors = check_identifiers(requested)
    checked = check_content(requested.content)
    if errors or checked.form is None:
        raise validation_failed([*errors, *checked.errors])
    head = ProductRecord.draft(uuid7(), requested.sku, gtin, category_of(requested.content), now_ms())
    return NewProduct(head, checked.form, search_key_of(requested.sku, requested.content))


def insert_product(conn: Connection, actor: Actor, account_id: str, new: NewProduct) -> Product | PublicError:
    """Returns DuplicateSku or DuplicateGtin. The caller records it in the audit trail."""
    head, form = new.head, new.form
    store.lock_identifiers(conn, account_id)
    if len(sku_forms(head.sku)) > 1:
        # The unique index covers one form of the SKU only.
        same_sku, _ = store.find_holders(conn, account_id, sku=head.sku, gtin14=None)
        if duplicate := duplicate_error(same_sku, None):
            return duplicate
    if not store.insert_record(conn, account_id, head, new.search_key):
        holders = store.find_holders(conn, account_id, sku=head.sku, gtin14=head.gtin14)
        return duplicate_error(*holders) or DuplicateGtin()
    insert_version(
        conn, account_id, head.id, version=1, status="DRAFT", digest=form.digest, content=form.text,
        created_at=head.created_at, created_by=actor.id or "",
    )  # fmt: skip
    return view_product(ProductView(head, 1, "DRAFT", form.digest, form.text))


def recall_product(conn: Connection, account_id: str, recorded: Recorded) -> Product | Conflict:
    """The product of an earlier request."""
    created = recorded.read(Product)
    if store.find_record(conn, account_id, created.id) is not None:
        return created
    return Conflict("This request was already answered, but its product has since been deleted.")
