"""How does a product come to exist?"""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.clock import now_ms
from linkxg.crypto.secrets import digest
from linkxg.db import Database, idempotency
from linkxg.errors import DuplicateGtin, DuplicateSku, IdempotencyKeyReused, PublicError
from linkxg.ids import uuid7
from linkxg.products import store
from linkxg.products.gtin import Gtin
from linkxg.products.model import Content, NewProduct, Product, ProductRow, name_key
from linkxg.products.product_rules import check_given
from linkxg.products.read_product import view

_ROUTE = "POST /products"


class Created(NamedTuple):
    """`replayed` tells that this very request was answered before, and this is that answer."""

    product: Product
    replayed: bool


async def create_product(
    database: Database, actor: Actor, account_id: str, given: NewProduct, idempotency_key: str | None = None
) -> Created:
    """Raises ValidationFailed, DuplicateSku, DuplicateGtin or IdempotencyKeyReused."""
    gtin = check_given(given)
    request: dict[str, Any] | None = None
    if idempotency_key is not None:
        told = msgspec.json.encode([actor.id, given], order="sorted").decode()
        request = {"route": _ROUTE, "key_digest": digest(idempotency_key), "request_digest": digest(told)}

    def unit(conn: Connection) -> Created | PublicError:
        if request is not None and (recorded := idempotency.find_record(conn, account_id, **request)):
            if recorded.matches:
                return Created(msgspec.convert(recorded.answer, Product), True)
            return IdempotencyKeyReused()
        made = _make(conn, actor, account_id, given, gtin)
        if isinstance(made, PublicError):
            return made
        if request is not None:
            # The answer holds no secret, so there is nothing to derive from a salt.
            idempotency.insert_record(conn, account_id, **request, salt=b"", answer=made)
        return Created(made, False)

    outcome = await database.write(unit)
    if isinstance(outcome, PublicError):
        raise outcome
    return outcome


def _make(
    conn: Connection, actor: Actor, account_id: str, given: NewProduct, gtin: Gtin | None
) -> Product | PublicError:
    content = Content(given.name, given.description, given.brand, given.attributes or {})
    now = now_ms()
    row = ProductRow(
        id=uuid7(),
        sku=given.sku,
        gtin14=gtin and gtin.digits14,
        gtin_length=gtin and gtin.length,
        category=given.category,
        revision=1,
        created_at=now,
        updated_at=now,
        content=msgspec.json.encode(content).decode(),
    )
    store.lock_identifiers(conn, account_id)
    if not store.insert_product(conn, account_id, name_key=name_key(given.name), **row._asdict()):
        same_sku, _ = store.find_holders(conn, account_id, sku=row.sku, gtin14=row.gtin14)
        return DuplicateSku() if same_sku else DuplicateGtin()
    audit.record(conn, account_id, actor, "product.created", row.id, {"sku": row.sku})
    return view(row)
