"""Lists the lots and serials of a product that own events are about."""

from linkxg.db import Database
from linkxg.network.traceability import known_item_store
from linkxg.network.traceability.known_item_store import KnownItem


async def list_known_items(database: Database, account_id: str, gtin14: str, *, limit: int) -> list[KnownItem]:
    """In the order of their lots and serials."""
    return await database.read_single(known_item_store.list_of_gtin, account_id, gtin14, limit)
