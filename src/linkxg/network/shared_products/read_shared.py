"""Reads one shared product and its published versions."""

from sqlalchemy import Connection

from linkxg.catalog.products.read_product import is_version
from linkxg.catalog.products.shared_model import SharedProductView
from linkxg.catalog.products.shared_product import SharedVersion, view_shared_version
from linkxg.catalog.products.shared_store import find_shared, list_published_versions
from linkxg.clock import now_ms, rfc3339_or_none
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid
from linkxg.network.shared_products import store
from linkxg.network.shared_products.model import CountReads, VisibleShare
from linkxg.network.shares.view_share import paths_of


async def read_shared(
    database: Database, count_reads: CountReads, viewer_id: str, product_id: str
) -> SharedProductView:
    """The latest version. Raises NotFound unless a live share shows it."""
    shown = await database.read_single(find_shared, viewer_id, product_id, now_ms()) if is_uuid(product_id) else None
    if shown is None:
        raise NotFound
    count_reads(shown.shared_by.account_id, viewer_id, (product_id,))
    return shown


async def list_shares_that_show(
    database: Database, viewer_id: str, product_id: str, *, limit: int
) -> list[VisibleShare]:
    """The live shares by which the viewer sees the product, the next to end first."""
    rows = await database.read_single(store.list_shares_that_show, viewer_id, product_id, now_ms(), limit)
    return [VisibleShare(paths_of(row.fields), rfc3339_or_none(row.expires_at)) for row in rows]


async def read_shared_version(
    database: Database, count_reads: CountReads, viewer_id: str, product_id: str, version: int
) -> tuple[SharedProductView, SharedVersion]:
    """Raises NotFound; for earlier versions also unless a share shows all versions."""
    if not is_version(version):
        raise NotFound
    shown, found, _ = await list_shared_versions(
        database, count_reads, viewer_id, product_id, before=version + 1, limit=1
    )
    if not found or found[0].version != version:
        raise NotFound
    return shown, found[0]


async def list_shared_versions(
    database: Database, count_reads: CountReads, viewer_id: str, product_id: str, *, before: int | None, limit: int
) -> tuple[SharedProductView, list[SharedVersion], bool]:
    """(the product, a page of the versions that are shared, newest first; whether there are more). Raises NotFound."""
    if not is_uuid(product_id):
        raise NotFound

    def unit(conn: Connection) -> tuple[SharedProductView, list[SharedVersion]] | None:
        shown = find_shared(conn, viewer_id, product_id, now_ms())
        if shown is None:
            return None
        owner_id = shown.shared_by.account_id
        rows = list_published_versions(conn, owner_id, product_id, before=before, limit=limit + 1)
        granted = ((row, shown.grants_of(row.version)) for row in rows)
        return shown, [view_shared_version(row, grants) for row, grants in granted if grants]

    found = await database.read(unit)
    if found is None:
        raise NotFound
    shown, versions = found
    count_reads(shown.shared_by.account_id, viewer_id, (product_id,))
    return shown, versions[:limit], len(versions) > limit
