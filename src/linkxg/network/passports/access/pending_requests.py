"""The requests for access to some passports that wait for a decision of their owner."""

from collections.abc import Collection

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.network.passports.access import store
from linkxg.network.passports.access.model import MAX_PENDING, AccessRequest
from linkxg.network.passports.access.views import view_request


async def list_pending_requests(
    database: Database, account_id: str, passport_ids: Collection[str]
) -> list[AccessRequest]:
    """Newest first."""

    def unit(conn: Connection) -> list[AccessRequest]:
        found = store.list_requests(conn, account_id, status="PENDING", before=None, limit=MAX_PENDING)
        return [view_request(row) for row in found if row.passport_id in passport_ids]

    return await database.read(unit)
