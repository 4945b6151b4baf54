"""Creates the share of an approved request."""

import msgspec
from sqlalchemy import Connection

from linkxg import audit
from linkxg.audit.model import Actor
from linkxg.catalog.products.share_store import insert_share
from linkxg.clock import now_ms
from linkxg.network.changes.model import Change


def create_share(
    conn: Connection,
    actor: Actor,
    account_id: str,
    share_id: str,
    *,
    viewer_id: str,
    connection_id: str,
    product_id: str,
    fields: list[str] | None,
    versions: str,
    traceability: str,
    expires_at: int,
) -> Change:
    """Share one product of the account, which is connected; returns the entry for the viewer's feed."""
    insert_share(
        conn, account_id, id=share_id, viewer_id=viewer_id, connection_id=connection_id, type="PRODUCT",
        product_id=product_id, fields=None if fields is None else msgspec.json.encode(fields).decode(),
        versions=versions, traceability=traceability, trace_tiers=0, passport_roles="[]", expires_at=expires_at,
        created_at=now_ms(), created_by=actor.id or "",
    )  # fmt: skip
    details = {"partner": viewer_id, "type": "PRODUCT", "product": product_id}
    audit.record(conn, account_id, actor, "share.created", share_id, details)
    return Change("SHARE_ADDED", connection_id, share_id, product_id=product_id)
