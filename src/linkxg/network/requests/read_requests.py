"""Reads requests to and by an account."""

from sqlalchemy import Connection

from linkxg.clock import rfc3339, rfc3339_or_none
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.network.connections.model import PartnerAccount
from linkxg.network.requests import store
from linkxg.network.requests.model import RequestDirection, RequestStatus, ShareRequest


async def read_request(database: Database, account_id: str, request_id: str) -> ShareRequest:
    """Raises NotFound, also for requests between other accounts."""
    found = await database.read(view_of, account_id, request_id)
    if isinstance(found, NotFound):
        raise found
    return found


async def list_requests(
    database: Database,
    account_id: str,
    *,
    before: str | None,
    limit: int,
    direction: RequestDirection | None = None,
    status: RequestStatus | None = None,
) -> tuple[list[ShareRequest], bool]:
    """Newest first, and whether more follow."""

    def unit(conn: Connection) -> list[AnyRow]:
        return store.list_requests(conn, account_id, before=before, limit=limit + 1, direction=direction, status=status)

    rows = await database.read(unit)
    return [_view(row, account_id) for row in rows[:limit]], len(rows) > limit


def view_of(conn: Connection, account_id: str, request_id: str) -> ShareRequest | NotFound:
    """Inside a unit of work."""
    row = store.view_request(conn, account_id, request_id)
    return NotFound() if row is None else _view(row, account_id)


def _view(row: AnyRow, account_id: str) -> ShareRequest:
    kind, _, value = row.subject.partition(":")
    return ShareRequest(
        id=row.id,
        direction="INCOMING" if row.account_id == account_id else "OUTGOING",
        type=row.type,
        status=row.status,
        connection_id=row.connection_id,
        partner=PartnerAccount(row.partner_id, row.partner_name, row.slug),
        gtin=value if kind == "gtin" else None,
        product_id=value if kind == "productId" else None,
        item=value if kind == "item" else None,
        purpose=row.purpose,
        created_at=rfc3339(row.created_at),
        decided_at=rfc3339_or_none(row.decided_at),
        reason=row.reason,
        share_id=row.share_id,
    )
