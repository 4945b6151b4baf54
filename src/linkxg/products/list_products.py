"""Which products are there, in which order, and where does a page end?"""

import asyncio
from typing import Any

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.products import store
from linkxg.products.model import Product, ProductRow, Wanted
from linkxg.products.read_product import view

STEPS = 10
"""How many stretches of rows one page may search, where no index knows the products that are wanted."""


async def list_products(
    database: Database, account_id: str, wanted: Wanted, *, after: list[Any] | None, limit: int
) -> tuple[list[Product], list[Any] | None]:
    """(a page of products, the position to continue after or None).

    A page looks at a bounded number of rows. So it may hold fewer products than `limit`, or none, and yet not be the
    last.
    """

    def unit(conn: Connection, after: list[Any] | None, limit: int) -> tuple[list[ProductRow], list[Any] | None]:
        until = store.find_horizon(conn, account_id, wanted, after=after) if store.is_search(wanted) else None
        return store.list_products(conn, account_id, wanted, after=after, until=until, limit=limit), until

    found, until = await database.read(unit, after, limit + 1)
    for _ in range(STEPS - 1):
        if until is None or len(found) > limit:
            break
        # Let other requests in between: on SQLite a read holds the event loop.
        await asyncio.sleep(0)
        more, until = await database.read(unit, until, limit + 1 - len(found))
        found += more
    following = store.position(found[limit - 1], wanted) if len(found) > limit else until
    return [view(row) for row in found[:limit]], following
