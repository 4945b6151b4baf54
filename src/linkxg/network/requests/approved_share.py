"""Finds the share with which a request was approved, as the account that asked sees it."""

from typing import NamedTuple

from sqlalchemy import Connection

from linkxg.catalog.products.shared_store import find_shared
from linkxg.clock import now_ms, rfc3339_or_none
from linkxg.db import Database
from linkxg.network.requests.model import ShareRequest
from linkxg.network.shares.store import find_share
from linkxg.network.shares.view_share import share_status


class ApprovedShare(NamedTuple):
    """`sku` is empty while the product is not published. `has_ended` is about this share alone."""

    product_id: str
    sku: str
    expires_at: str | None
    has_ended: bool


async def find_approved_share(database: Database, account_id: str, request: ShareRequest) -> ApprovedShare | None:
    """None unless it is a request by the account that was approved."""
    share_id, owner_id = request.share_id, request.partner.account_id
    if share_id is None or request.direction != "OUTGOING":
        return None

    def unit(conn: Connection) -> ApprovedShare | None:
        row, now = find_share(conn, owner_id, share_id), now_ms()
        if row is None or row.viewer_id != account_id or row.product_id is None:
            return None
        has_ended = share_status(row, now) != "ACTIVE"
        shown = None if has_ended else find_shared(conn, account_id, row.product_id, now)
        sku = shown.view.head.sku if shown else ""
        return ApprovedShare(row.product_id, sku, rfc3339_or_none(row.expires_at), has_ended)

    return await database.read(unit)
