"""Lists products: filters, order and pages."""

import asyncio

from sqlalchemy import Connection

from linkxg.catalog.products.model import ProductFilter, ProductView
from linkxg.catalog.products.search import store
from linkxg.catalog.products.search.store import Place
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database

STRETCH = 2_000
"""How many rows one read searches at most where no index knows the wanted ones; on SQLite a few milliseconds."""

STEPS = 10
"""How many stretches of rows one page may search, where no index knows the products that are wanted."""


COUNTED = 5_000
"""How many rows are counted before other requests get their turn; on SQLite a few milliseconds."""


async def list_products(
    database: Database, viewer: Viewer, wanted: ProductFilter, *, after: Place | None, limit: int
) -> tuple[list[ProductView], Place | None]:
    """(a page of products, the place to continue after or None).

    A page looks at a bounded number of rows. So it may hold fewer products than `limit`, or none, and yet not be the
    last.
    """

    def unit(conn: Connection, after: Place | None, limit: int) -> tuple[list[ProductView], Place | None]:
        until = _horizon(conn, viewer.account_id, wanted, after) if store.is_search(wanted) else None
        return store.list_products(conn, viewer.account_id, wanted, after=after, until=until, limit=limit), until

    read = database.read if store.is_search(wanted) or wanted.gtin14 is not None else database.read_single
    found, until = await read(unit, after, limit + 1)
    for _ in range(STEPS - 1):
        if until is None or len(found) > limit:
            break
        # Let other requests in between: on SQLite a read holds the event loop.
        await asyncio.sleep(0)
        more, until = await read(unit, until, limit + 1 - len(found))
        found += more
    following = store.place(found[limit - 1], wanted) if len(found) > limit else until
    return found[:limit], following


def _horizon(conn: Connection, account_id: str, wanted: ProductFilter, after: Place | None) -> Place | None:
    return store.find_horizon(conn, account_id, wanted, after=after, rows=STRETCH)


async def count_products(database: Database, viewer: Viewer, wanted: ProductFilter) -> int:
    """All of them, counted stretch by stretch."""

    def unit(conn: Connection, after: Place | None) -> tuple[int, Place | None]:
        until = store.find_horizon(conn, viewer.account_id, wanted, after=after, rows=COUNTED)
        return store.count_products(conn, viewer.account_id, wanted, after=after, until=until), until

    total, until = await database.read(unit, None)
    while until is not None:
        await asyncio.sleep(0)
        more, until = await database.read(unit, until)
        total += more
    return total
