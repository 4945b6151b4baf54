"""Lists the rejected requests of an account's clients, with their causes."""

from linkxg.clients.refused import store
from linkxg.clients.refused.model import KEPT, Refused
from linkxg.db import Database


async def list_refused(
    database: Database,
    account_id: str,
    *,
    client_id: str | None = None,
    cause: str | None = None,
    before: str | None = None,
    limit: int = KEPT,
) -> list[Refused]:
    """Newest first; of one client or one cause, or older than the one whose id is `before`, where named."""
    return await database.read_single(
        store.list_refused, account_id, client_id=client_id, cause=cause, before=before, limit=limit
    )
