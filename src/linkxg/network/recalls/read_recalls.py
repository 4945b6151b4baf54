"""Reads the recalls of an account, and the notices that it received."""

import asyncio

from sqlalchemy import Connection

from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.http.rate_limits import Budget
from linkxg.network.recalls import store
from linkxg.network.recalls.item_details import product_names
from linkxg.network.recalls.model import ItemRecall, RecallDetails, RecallNotice
from linkxg.network.recalls.view_recall import (
    details_of,
    notice_of,
    read_items,
    view_notice,
    view_recall,
    with_all_items,
)

ITEM_READS = Budget("recall-reads", 1_200, 60)


async def read_recall(database: Database, account_id: str, recall_id: str, *, whole: bool = False) -> RecallDetails:
    """If it is `whole`, with all items of each recipient. Raises NotFound."""

    def unit(conn: Connection) -> tuple[RecallDetails | NotFound, dict[str, str]]:
        return details_of(conn, account_id, recall_id), store.list_items(conn, account_id, recall_id) if whole else {}

    found, item_uris = await database.read(unit)
    if isinstance(found, NotFound):
        raise found
    return await asyncio.to_thread(with_all_items, found, item_uris) if whole else found


async def list_recalls(
    database: Database, account_id: str, *, before: str | None, limit: int
) -> tuple[list[ItemRecall], bool]:
    """Newest first, and whether more follow."""

    def unit(conn: Connection) -> tuple[list[ItemRecall], bool]:
        rows = store.list_recalls(conn, account_id, before=before, limit=limit + 1)
        counts = store.count_notices(conn, account_id, [row.id for row in rows]) if rows else {}
        found = [view_recall(row, counts.get(row.id, (0, 0, 0))) for row in rows[:limit]]
        return found, len(rows) > limit

    return await database.read(unit)


async def read_notice(database: Database, account_id: str, notice_id: str) -> RecallNotice:
    """A notice to the account. Raises NotFound."""
    found = await database.read(notice_of, account_id, notice_id)
    if isinstance(found, NotFound):
        raise found
    return found


async def read_notice_items(database: Database, account_id: str, notice_id: str) -> list[str]:
    """All items of a notice to the account. Raises NotFound."""
    return await _found(await database.read_single(store.view_received_items, account_id, notice_id))


async def read_recipient_items(database: Database, account_id: str, recall_id: str, notice_id: str) -> list[str]:
    """All items of a recipient of a recall of the account. Raises NotFound."""
    return await _found(await database.read_single(store.find_items, account_id, recall_id, notice_id))


async def read_notice_names(database: Database, account_id: str, notice_id: str) -> dict[str, str]:
    """What the issuer of a notice to the account calls the products of its items, and of others. Raises NotFound."""
    return _names(await database.read_single(store.view_received_products, account_id, notice_id))


async def read_recall_names(database: Database, account_id: str, recall_id: str) -> dict[str, str]:
    """Of the affected products of a recall of the account. Raises NotFound."""
    return _names(await database.read_single(store.find_products, account_id, recall_id))


def _names(products: str | None) -> dict[str, str]:
    if products is None:
        raise NotFound
    return product_names(products)


async def _found(item_uris: str | None) -> list[str]:
    """Up to 20,000 items are decoded in a thread."""
    if item_uris is None:
        raise NotFound
    return await asyncio.to_thread(read_items, item_uris)


async def list_notices(
    database: Database, account_id: str, *, before: str | None, limit: int, is_waiting: bool = False
) -> tuple[list[RecallNotice], bool]:
    """Notices to the account, newest first, and whether more follow; with `is_waiting` those to acknowledge."""

    def unit(conn: Connection) -> tuple[list[RecallNotice], bool]:
        rows = store.list_received(conn, account_id, before=before, limit=limit + 1, is_waiting=is_waiting)
        passing_on = store.list_passing_on(conn, account_id, [row.id for row in rows]) if rows else {}
        return [view_notice(row, passing_on) for row in rows[:limit]], len(rows) > limit

    return await database.read(unit)
