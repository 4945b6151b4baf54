"""Searches the clients of an account."""

from linkxg.db import Database
from linkxg.identity.clients.search import store
from linkxg.identity.clients.search.store import Search


async def search_clients(
    database: Database, account_id: str, *, name: str, sort: str, offset: int, limit: int
) -> Search:
    """Clients whose name contains `name`, sorted by `name`, `created` or `used`."""
    return await database.read(store.search_clients, account_id, name=name, sort=sort, offset=offset, limit=limit)
