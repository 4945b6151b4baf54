"""Lists and counts products."""

import asyncio

from sqlalchemy import Connection

from linkxg.catalog.products.model import ProductFilter, ProductView
from linkxg.catalog.products.search import store
from linkxg.catalog.products.search.store import Position
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database

CHUNK_ROWS = 2_000
"""Rows that one read of a search scans at most; on SQLite this takes a few milliseconds."""

MAX_CHUNKS = 10
"""Chunks that are searched for one page."""

COUNT_CHUNK_ROWS = 5_000
"""Rows that are counted before other requests get their turn; on SQLite this takes a few milliseconds."""


async def list_products(
    database: Database, viewer: Viewer, criteria: ProductFilter, *, after: Position | None, limit: int
) -> tuple[list[ProductView], Position | None]:
    """(a page of products, the position to continue after or None).

    The number of rows that are scanned is bounded, so a page may have fewer products than `limit`, or none, without
    being the last.
    """

    def unit(conn: Connection, after: Position | None, limit: int) -> tuple[list[ProductView], Position | None]:
        until = _horizon(conn, viewer.account_id, criteria, after) if store.is_search(criteria) else None
        return store.list_products(conn, viewer.account_id, criteria, after=after, until=until, limit=limit), until

    read = database.read if store.is_search(criteria) or criteria.gtin14 is not None else database.read_single
    found, until = await read(unit, after, limit + 1)
    for _ in range(MAX_CHUNKS - 1):
        if until is None or len(found) > limit:
            break
        # On SQLite a read blocks the event loop; let other requests in.
        await asyncio.sleep(0)
        more, until = await read(unit, until, limit + 1 - len(found))
        found += more
    following = store.position_of(found[limit - 1], criteria) if len(found) > limit else until
    return found[:limit], following


def _horizon(conn: Connection, account_id: str, criteria: ProductFilter, after: Position | None) -> Position | None:
    return store.find_horizon(conn, account_id, criteria, after=after, rows=CHUNK_ROWS)


async def count_products(database: Database, viewer: Viewer, criteria: ProductFilter) -> int:

    def unit(conn: Connection, after: Position | None) -> tuple[int, Position | None]:
        until = store.find_horizon(conn, viewer.account_id, criteria, after=after, rows=COUNT_CHUNK_ROWS)
        return store.count_products(conn, viewer.account_id, criteria, after=after, until=until), until

    total, until = await database.read(unit, None)
    while until is not None:
        await asyncio.sleep(0)
        more, until = await database.read(unit, until)
        total += more
    return total
