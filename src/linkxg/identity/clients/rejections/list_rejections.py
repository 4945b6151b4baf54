"""Lists the rejected requests of an account's clients, with their causes."""

from linkxg.db import Database
from linkxg.identity.clients.rejections import store
from linkxg.identity.clients.rejections.model import KEPT, Rejection


async def list_rejections(
    database: Database,
    account_id: str,
    *,
    client_id: str | None = None,
    cause: str | None = None,
    before: str | None = None,
    limit: int = KEPT,
) -> list[Rejection]:
    """Newest first; optionally of one client, of one cause, or older than the id `before`."""
    return await database.read_single(
        store.list_rejections, account_id, client_id=client_id, cause=cause, before=before, limit=limit
    )
