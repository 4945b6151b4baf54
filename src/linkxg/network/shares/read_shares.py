"""Reads what an account shares."""

from typing import TypeVar

from sqlalchemy import Connection

from linkxg.catalog.products.store import find_record
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid
from linkxg.network.connections.store import find_connection, find_partner
from linkxg.network.shares import store
from linkxg.network.shares.model import MAX_LIVE, ProductAcknowledgement, ProductShare, Share
from linkxg.network.shares.view_share import view_product_acknowledgement, view_product_share, view_share, view_shares

T = TypeVar("T")


async def read_share(database: Database, account_id: str, share_id: str) -> Share:
    """Raises NotFound."""

    def unit(conn: Connection) -> Share | None:
        row = store.find_share(conn, account_id, share_id)
        return None if row is None else view_share(conn, account_id, row, now_ms())

    return _found(await database.read(unit))


async def list_acknowledgements(
    database: Database, account_id: str, share_id: str, *, limit: int
) -> tuple[list[ProductAcknowledgement], bool]:
    """What the partner answered about the products of the share, newest first, and whether more follow.

    Raises NotFound.
    """

    def unit(conn: Connection) -> tuple[list[ProductAcknowledgement], bool] | None:
        row = store.find_share(conn, account_id, share_id)
        if row is None:
            return None
        rows = store.list_acknowledgements(conn, account_id, row.viewer_id, limit + 1, **store.covered_by(row))
        return [view_product_acknowledgement(one) for one in rows[:limit]], len(rows) > limit

    return _found(await database.read(unit))


async def list_shares(
    database: Database, account_id: str, connection_id: str, *, before: str | None, limit: int
) -> tuple[list[Share], bool]:
    """Newest first, and whether more follow. Raises NotFound."""

    def unit(conn: Connection) -> tuple[list[Share], bool] | None:
        if find_connection(conn, account_id, connection_id) is None:
            return None
        now = now_ms()
        rows = store.list_shares(conn, account_id, connection_id, before=before, limit=limit + 1)
        return view_shares(conn, account_id, rows[:limit], now), len(rows) > limit

    return _found(await database.read(unit))


async def count_live_shares(database: Database, account_id: str, connection_id: str) -> tuple[int, int]:
    """(the account's, the partner's), each counted up to the limit of shares."""

    def unit(conn: Connection) -> tuple[int, int]:
        now, partner_id = now_ms(), find_partner(conn, account_id, connection_id)
        ours = store.count_live(conn, account_id, connection_id, now, MAX_LIVE)
        theirs = 0 if partner_id is None else store.count_live(conn, partner_id, connection_id, now, MAX_LIVE)
        return ours, theirs

    return await database.read(unit)


async def list_shares_of_product(
    database: Database, account_id: str, product_id: str, *, after: str, limit: int
) -> tuple[list[ProductShare], bool]:
    """Who sees the product, oldest share first, and whether more follow. Raises NotFound."""

    def unit(conn: Connection) -> tuple[list[ProductShare], bool] | None:
        if not is_uuid(product_id) or find_record(conn, account_id, product_id) is None:
            return None
        rows = store.list_shares_of_product(conn, account_id, product_id, now_ms(), after=after, limit=limit + 1)
        return [view_product_share(row, product_id) for row in rows[:limit]], len(rows) > limit

    return _found(await database.read(unit))


def _found(value: T | None) -> T:
    if value is None:
        raise NotFound
    return value
