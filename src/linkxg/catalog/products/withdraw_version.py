"""Withdraws a published version, with a reason.

The version stays readable, so that those who relied on it see its content and the reason.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products import store
from linkxg.catalog.products.publication import StateHooks
from linkxg.catalog.products.read_product import is_version
from linkxg.catalog.products.versions.model import Version, VersionRow, WithdrawVersion, view_version
from linkxg.catalog.products.versions.store import find_version, update_version
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.db.idempotency import IdempotentOutcome, Request, as_recorded
from linkxg.errors import InvalidState, NotFound, PreconditionFailed, PublicError
from linkxg.identity.authorization.write_as import write_once
from linkxg.ids import is_uuid

VersionPrecondition = Callable[[int, VersionRow], bool]
"""Whether the caller's conditions allow withdrawing this version of a product at this revision (RFC 9110 §13.1)."""


async def withdraw_version(
    database: Database,
    actor: Actor,
    account_id: str,
    product_id: str,
    version: int,
    requested: WithdrawVersion,
    precondition: VersionPrecondition,
    hooks: StateHooks,
    idempotency_key: str | None = None,
) -> IdempotentOutcome[Version]:
    """Raises NotFound, PreconditionFailed, InvalidState or IdempotencyKeyReused."""
    if not is_uuid(product_id) or not is_version(version):
        raise NotFound

    def run(conn: Connection) -> Version | PublicError:
        while True:
            head = store.find_record(conn, account_id, product_id)
            row = find_version(conn, account_id, product_id, version)
            if head is None or row is None:
                return NotFound()
            if not precondition(head.revision, row):
                return PreconditionFailed()
            if row.status == "DRAFT":
                return InvalidState("A draft is not published, so there is nothing to withdraw.")
            if row.status == "WITHDRAWN":
                return InvalidState("This version is already withdrawn.")
            now = max(now_ms(), head.updated_at)
            if store.update_record(conn, account_id, product_id, seen=head.revision, updated_at=now):
                break
        values: dict[str, Any] = {
            "withdrawn_at": now,
            "withdrawn_by": actor.id or "",
            "withdraw_reason": requested.reason,
        }
        update_version(conn, account_id, product_id, version, status="WITHDRAWN", **values)
        details = {"sku": head.sku, "version": version}
        audit.record(conn, account_id, actor, "product.withdrawn", product_id, details)
        for hook in hooks:
            hook(conn, account_id, "PRODUCT_WITHDRAWN", head, version)
        return view_version(row._replace(status="WITHDRAWN", **values))

    route = f"POST /products/{product_id}/versions/{version}/withdraw"
    request = Request(account_id, route, idempotency_key, [actor.id, requested])
    return await write_once(database, actor, request, run, as_recorded(Version))
