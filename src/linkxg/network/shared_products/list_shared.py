"""Lists the products that others share with an account."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from linkxg.catalog.products.model import search_key
from linkxg.catalog.products.shared_list_store import list_shared_keys_with_gtin
from linkxg.catalog.products.shared_model import START, SharedPosition, SharedProductView
from linkxg.catalog.products.shared_product import redact, shared_fields
from linkxg.catalog.products.shared_store import list_shared, list_shared_page
from linkxg.clock import now_ms
from linkxg.db import Database
from linkxg.network.connections.store import find_partner
from linkxg.network.shared_products.model import CountReads

CHUNK = 200
"""Products that one read of a search scans at most: their contents are read, because names may be withheld."""
FEW_OWNERS = 10
"""Of those who share everything the first read looks up so many, whose products mostly fill a page."""
MAX_CHUNKS = 10
"""Chunks that are read for one page."""


class SharedFilter(NamedTuple):
    connection_id: str | None = None
    gtin14: str | None = None
    search_key: str | None = None


class _Names(msgspec.Struct, rename="camel"):
    name: str | None = None
    brand: str | None = None
    model_number: str | None = None


_names = msgspec.json.Decoder(_Names).decode


async def list_shared_products(
    database: Database,
    count_reads: CountReads,
    viewer_id: str,
    criteria: SharedFilter,
    *,
    after: SharedPosition | None,
    limit: int,
) -> tuple[list[SharedProductView], SharedPosition | None]:
    """(a page, the place to continue after or None).

    The number of products that are scanned is bounded, so a page may have fewer than `limit`, or none, without being
    the last.
    """

    def unit(
        conn: Connection, after: SharedPosition, count: int, owners: int
    ) -> tuple[list[SharedProductView], list[SharedPosition]]:
        owner_id, now = None, now_ms()
        if criteria.connection_id is not None:
            owner_id = find_partner(conn, viewer_id, criteria.connection_id)
            if owner_id is None:
                return [], []
        if criteria.gtin14 is None:
            return list_shared_page(conn, viewer_id, after, now, count, owner_id=owner_id, owners=owners)
        keys = list_shared_keys_with_gtin(conn, viewer_id, after, now, count, owner_id=owner_id, gtin14=criteria.gtin14)
        return list_shared(conn, viewer_id, [key.product_id for key in keys], now), keys

    is_single = criteria.connection_id is None and criteria.gtin14 is None
    read = database.read_single if is_single else database.read
    found: list[SharedProductView] = []
    place, following = after or START, None
    # Each read takes one more than it needs, so that the last page is known to be the last.
    count = CHUNK if criteria.search_key is not None else limit + 1
    owners = FEW_OWNERS
    for _ in range(MAX_CHUNKS):
        views, keys = await read(unit, place, count, owners)
        found += [view for view in views if _matches(view, criteria.search_key)]
        if len(found) > limit:
            found = found[:limit]
            following = _position_of(found[-1])
            break
        following = keys[-1] if _may_follow(keys, count) else None
        if following is None:
            break
        place, owners = following, count
        await asyncio.sleep(0)
    for owner_id, product_ids in _by_owner(found).items():
        count_reads(owner_id, viewer_id, product_ids)
    return found, following


def _may_follow(keys: Sequence[SharedPosition], count: int) -> bool:
    return bool(keys) and (len(keys) == count or keys[-1].ends_owner)


def _by_owner(found: Sequence[SharedProductView]) -> dict[str, list[str]]:
    by_owner: dict[str, list[str]] = {}
    for shown in found:
        by_owner.setdefault(shown.shared_by.account_id, []).append(shown.view.head.id)
    return by_owner


def _position_of(shown: SharedProductView) -> SharedPosition:
    return SharedPosition(shown.shared_by.account_id, shown.view.head.id)


def _matches(shown: SharedProductView, wanted: str | None) -> bool:
    """Whether the SKU or a name contains the key, of what the viewer is shown."""
    if wanted is None:
        return True
    names = _names(redact(shown.view.content, shared_fields(shown.grants)))
    lines = (shown.view.head.sku, names.name, names.brand, names.model_number)
    return any(wanted in search_key(line) for line in lines if line)
