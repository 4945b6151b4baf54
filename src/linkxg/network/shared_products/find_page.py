"""Finds one page of the products that others share with an account, with their contents."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.catalog.products.model import search_key
from linkxg.catalog.products.shared_list_store import (
    list_search_rows,
    list_shared_keys_with_gtin,
    list_shared_page,
    list_shared_places,
)
from linkxg.catalog.products.shared_model import SEARCHED, SMALL_PAGE, START, SharedPosition, SharedProductView
from linkxg.catalog.products.shared_product import shared_fields
from linkxg.catalog.products.shared_store import list_shared
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.http.long_answer import LongAnswer
from linkxg.network.connections.store import find_partner

CHUNK = 200
"""Products that one read of a search scans at most."""
FEW_OWNERS = 10
"""Of those who share everything the first read looks up so many, whose products mostly fill a page."""
MAX_CHUNKS = 10
"""Chunks that are read for one page."""
BATCH = 25
"""Contents that are read before other requests get their turn."""
MAX_BYTES = 8 * 1024 * 1024
"""Bytes of contents after which a page ends, however few products it has."""


class SharedFilter(NamedTuple):
    connection_id: str | None = None
    gtin14: str | None = None
    search_key: str | None = None


Found = tuple[list[SharedProductView], SharedPosition | None]


class _Names(msgspec.Struct, rename="camel"):
    name: str | None = None
    brand: str | None = None
    model_number: str | None = None


_names = msgspec.json.Decoder(_Names).decode


def is_small(criteria: SharedFilter, limit: int) -> bool:
    """Whether a page takes about as long as one of own products."""
    return criteria.search_key is None and limit < SMALL_PAGE


async def find_page(
    database: Database,
    viewer_id: str,
    criteria: SharedFilter,
    answer: LongAnswer,
    *,
    after: SharedPosition | None,
    limit: int,
) -> Found:
    """(a page, the place to continue after or None)."""
    found: list[SharedProductView] = []
    place, following = after or START, None
    # Each read takes one more than it needs, so that the last page is known to be the last.
    count = CHUNK if criteria.search_key is not None else limit + 1
    owners = FEW_OWNERS
    is_single = criteria.connection_id is None and criteria.gtin14 is None
    read = database.read_single if is_single else database.read
    for chunk in range(MAX_CHUNKS):
        if chunk:
            await answer.pause()
        if criteria.gtin14 is None and is_small(criteria, limit):
            views, keys = await read(_page, viewer_id, criteria, place, count, owners)
            found += views
        else:
            ids, keys = await read(_candidates, viewer_id, criteria, place, count, owners)
            while ids and len(found) <= limit:
                size = min(BATCH, limit + 1 - len(found))
                batch, ids = ids[:size], ids[size:]
                views = await database.read_single(list_shared, viewer_id, batch, now_ms())
                found += [view for view in views if _matches(view, criteria.search_key)]
                if sum(len(view.view.content) for view in found) >= MAX_BYTES:
                    return found[:limit], _position_of(found[:limit][-1])
                if ids:
                    await answer.pause()
        if len(found) > limit:
            return found[:limit], _position_of(found[limit - 1])
        following = keys[-1] if _may_follow(keys, count) else None
        if following is None:
            break
        place, owners = following, count
    return found, following


def _page(
    conn: Connection, viewer_id: str, criteria: SharedFilter, after: SharedPosition, count: int, owners: int
) -> tuple[list[SharedProductView], list[SharedPosition]]:
    owner_id, is_none = _owner(conn, viewer_id, criteria)
    if is_none:
        return [], []
    return list_shared_page(conn, viewer_id, after, now_ms(), count, owner_id=owner_id, owners=owners)


def _candidates(
    conn: Connection, viewer_id: str, criteria: SharedFilter, after: SharedPosition, count: int, owners: int
) -> tuple[list[str], list[SharedPosition]]:
    """Products that may match, without their contents, and the places that were scanned."""
    owner_id, is_none = _owner(conn, viewer_id, criteria)
    if is_none:
        return [], []
    now, wanted = now_ms(), criteria.search_key
    if criteria.gtin14 is None and wanted is not None:
        rows, keys = list_search_rows(conn, viewer_id, after, now, count, owner_id=owner_id, owners=owners)
        return [row.product_id for row in rows if row.may_contain(wanted)], keys
    if criteria.gtin14 is None:
        keys = list_shared_places(conn, viewer_id, after, now, count, owner_id=owner_id, owners=owners)
    else:
        keys = list_shared_keys_with_gtin(conn, viewer_id, after, now, count, owner_id=owner_id, gtin14=criteria.gtin14)
    return [key.product_id for key in keys if not key.ends_owner], keys


def _owner(conn: Connection, viewer_id: str, criteria: SharedFilter) -> tuple[str | None, bool]:
    """(the only owner whose products are listed, whether there is no such owner)."""
    if criteria.connection_id is None:
        return None, False
    owner_id = find_partner(conn, viewer_id, criteria.connection_id)
    return owner_id, owner_id is None


def _may_follow(keys: Sequence[SharedPosition], count: int) -> bool:
    return bool(keys) and (len(keys) == count or keys[-1].ends_owner)


def _position_of(shown: SharedProductView) -> SharedPosition:
    return SharedPosition(shown.shared_by.account_id, shown.view.head.id)


def _matches(shown: SharedProductView, wanted: str | None) -> bool:
    """Whether the SKU or a name contains the key, of what the viewer is shown."""
    if wanted is None:
        return True
    names, fields = _names(shown.view.content), shared_fields(shown.grants)
    lines = zip(SEARCHED, (names.name, names.brand, names.model_number), strict=True)
    visible = [shown.view.head.sku, *(line for name, line in lines if fields is None or name in fields)]
    return any(wanted in search_key(line) for line in visible if line)
