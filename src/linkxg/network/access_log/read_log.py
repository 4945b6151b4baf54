"""Reads the access log of a partner."""

from sqlalchemy import Connection

from linkxg.clock import rfc3339
from linkxg.db import Database
from linkxg.db.schema import AnyRow
from linkxg.errors import NotFound
from linkxg.network.access_log import store
from linkxg.network.access_log.model import ReadCount
from linkxg.network.connections.store import find_connection

LogPosition = tuple[int, str]
"""Hour and product of the last count of a page."""


async def read_access_log(
    database: Database, account_id: str, connection_id: str, *, before: LogPosition | None, limit: int
) -> tuple[list[ReadCount], LogPosition | None]:
    """What the partner of a connection read, newest hour first, and the position after which more follows.

    Raises NotFound.
    """

    def unit(conn: Connection) -> list[AnyRow] | NotFound:
        row = find_connection(conn, account_id, connection_id)
        if row is None:
            return NotFound()
        # Whether an invited account exists is not for the inviter to learn.
        if row.status not in ("ACTIVE", "REVOKED") or row.responded_at is None:
            return []
        return store.list_reads(conn, account_id, row.partner_id, before=before, limit=limit + 1)

    rows = await database.read(unit)
    if isinstance(rows, NotFound):
        raise rows
    page = rows[:limit]
    found = [ReadCount(rfc3339(row.hour), row.product_id or None, row.sku, row.reads) for row in page]
    return found, (page[-1].hour, page[-1].product_id) if len(rows) > limit else None
