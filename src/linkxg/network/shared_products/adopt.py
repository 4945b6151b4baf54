"""Adopts a shared product: an own product, with a draft of the content that is shared."""

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.identifiers.sku import normal_sku
from linkxg.catalog.products.content import Content
from linkxg.catalog.products.create_product import check_product, insert_product, recall_product
from linkxg.catalog.products.model import CreateProduct, Product
from linkxg.catalog.products.shared_model import SharedProductView
from linkxg.catalog.products.shared_product import redact, shared_fields
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Recorded, Request
from linkxg.errors import NotFound, PublicError
from linkxg.http.schema_errors import shape_faults
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid
from linkxg.network.shared_products.acknowledge import lock_shared
from linkxg.network.shared_products.model import AdoptProduct, CountReads


class _Adopted(NamedTuple):
    """`owner_id` is None in a replay, which reads nothing."""

    product: Product
    owner_id: str | None


async def adopt_product(
    database: Database,
    count_reads: CountReads,
    actor: Actor,
    viewer_id: str,
    product_id: str,
    given: AdoptProduct,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Product]:
    """Raises NotFound unless a live share shows the product, and the errors of `create_product`."""
    if not is_uuid(product_id):
        raise NotFound

    def make(conn: Connection) -> _Adopted | PublicError:
        shown = lock_shared(conn, viewer_id, product_id)
        if shown is None:
            return NotFound()
        owner_id, head = shown.shared_by.account_id, shown.view.head
        sku = normal_sku(given.sku or head.sku)
        gtin = head.gtin14[-head.gtin_length :] if head.gtin14 and head.gtin_length else None
        try:
            new = check_product(CreateProduct(sku, _content_of(shown, sku), gtin))
        except PublicError as error:
            return error
        made = insert_product(conn, actor, viewer_id, new)
        if isinstance(made, PublicError):
            return made
        details = {"sku": made.sku, "from": product_id, "partner": owner_id}
        audit.record(conn, viewer_id, actor, "product.adopted", made.id, details)
        return _Adopted(made, owner_id)

    def recall(conn: Connection, found: Recorded) -> _Adopted | PublicError:
        recalled = recall_product(conn, viewer_id, found)
        return recalled if isinstance(recalled, PublicError) else _Adopted(recalled, None)

    content = [actor.id, product_id, given]
    request = Request(viewer_id, "POST /shared/products/{id}/adopt", idempotency_key, content)
    (adopted, owner_id), replayed = await write_once(
        database, actor, request, make, recall, record=lambda made: made.product
    )
    if owner_id is not None:
        count_reads(owner_id, viewer_id, (product_id,))
    return IdempotentOutcome(adopted, replayed)


def _content_of(shown: SharedProductView, sku: str) -> Content:
    """The shared content. A product needs a name, so the SKU stands in for a name that is not shared.

    Left out are members that do not stand without what is withheld, such as materials without names, and access rules:
    who may see the new product is the new owner's decision.
    """
    members = msgspec.json.decode(redact(shown.view.content, shared_fields(shown.grants)))
    members.pop("access", None)
    content: dict[str, Any] = {"name": sku}
    for name, member in members.items():
        if not shape_faults({"name": sku, name: member}, Content):
            content[name] = member
    return msgspec.convert(content, Content)
