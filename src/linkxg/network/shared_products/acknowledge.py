"""Acknowledges a shared product to its owner: accepted, rejected, or in review."""

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products.shared_model import SharedProductView
from linkxg.catalog.products.shared_store import find_shared
from linkxg.clock import now_ms, rfc3339
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request, as_recorded
from linkxg.errors import NotFound, PublicError, ValidationFailed
from linkxg.http.rate_limits import Budget
from linkxg.http.schema_errors import FieldFault
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid
from linkxg.network.check_fields import check_text, one_of
from linkxg.network.connections.store import lock_connection
from linkxg.network.feed.append import append_all
from linkxg.network.feed.model import Change
from linkxg.network.feed.visibility_lock import lock_visibility
from linkxg.network.shared_products import store
from linkxg.network.shared_products.model import AcknowledgeProduct
from linkxg.network.shares.check_share import check_paths
from linkxg.network.shares.model import MAX_ACKNOWLEDGEMENT_REASON, STATUSES, Acknowledgement
from linkxg.network.shares.view_share import paths_of

ACKNOWLEDGEMENTS = Budget("acknowledgements", 5_000, 3_600)


async def acknowledge_product(
    database: Database,
    actor: Actor,
    viewer_id: str,
    product_id: str,
    given: AcknowledgeProduct,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Acknowledgement]:
    """Raises NotFound unless a live share shows the product, or ValidationFailed with every fault."""
    if not is_uuid(product_id):
        raise NotFound

    def make(conn: Connection) -> Acknowledgement | PublicError:
        shown = lock_shared(conn, viewer_id, product_id, with_owner=True)
        if shown is None:
            return NotFound()
        faults: list[FieldFault] = []
        status = one_of("status", given.status, STATUSES, faults)
        check_text("reason", given.reason, faults, MAX_ACKNOWLEDGEMENT_REASON)
        check_paths(given.fields, faults)
        if faults:
            return ValidationFailed(details=faults)
        owner_id, version, now = shown.shared_by.account_id, shown.view.version, now_ms()
        fields = None if given.fields is None else msgspec.json.encode(given.fields).decode()
        store.write_acknowledgement(
            conn, owner_id, product_id, viewer_id, version=version, status=status, reason=given.reason,
            fields=fields, at=now,
        )  # fmt: skip
        details = {"status": status, "version": version}
        audit.record_both(conn, actor, viewer_id, owner_id, "product.acknowledged", product_id, details)
        told = Change("ACKNOWLEDGED", shown.shared_by.connection_id, product_id=product_id, version=version)
        append_all(conn, {owner_id: [told]})
        return Acknowledgement(product_id, version, status, given.reason, given.fields, rfc3339(now))

    content = [actor.id, product_id, given]
    request = Request(viewer_id, "POST /shared/products/{id}/acknowledge", idempotency_key, content)
    return await write_once(database, actor, request, make, as_recorded(Acknowledgement))


async def read_acknowledgement(database: Database, viewer_id: str, shown: SharedProductView) -> Acknowledgement | None:
    """What the viewer answered about the product, as the viewer sees it by now."""
    owner_id, product_id = shown.shared_by.account_id, shown.view.head.id
    row = await database.read_single(store.find_acknowledgement, owner_id, product_id, viewer_id)
    if row is None:
        return None
    return Acknowledgement(product_id, row.version, row.status, row.reason, paths_of(row.fields), rfc3339(row.at))


def lock_shared(
    conn: Connection, viewer_id: str, product_id: str, *, with_owner: bool = False
) -> SharedProductView | None:
    """The product as it is shared, until the end of the transaction: its connection cannot be revoked before.

    `with_owner` locks both audit trails as well, to write to that of the owner.
    """
    shown = find_shared(conn, viewer_id, product_id, now_ms())
    if shown is None:
        return None
    lock_connection(conn, viewer_id, shown.shared_by.connection_id)
    if with_owner:
        lock_visibility(conn, viewer_id, shown.shared_by.account_id)
    return find_shared(conn, viewer_id, product_id, now_ms())
