"""Lists and reads the versions of a product."""

from sqlalchemy import Connection

from linkxg.catalog.products.read_product import is_version
from linkxg.catalog.products.store import find_record
from linkxg.catalog.products.versions import store
from linkxg.catalog.products.versions.model import VersionRow
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid


async def list_versions(
    database: Database, viewer: Viewer, product_id: str, *, before: int | None, limit: int
) -> tuple[list[VersionRow], bool]:
    """(a page of versions, newest first and below `before`; whether there are more). Raises NotFound."""
    if not is_uuid(product_id):
        raise NotFound

    def unit(conn: Connection) -> list[VersionRow] | None:
        if find_record(conn, viewer.account_id, product_id) is None:
            return None
        return store.list_versions(conn, viewer.account_id, product_id, before=before, limit=limit + 1)

    found = await database.read(unit)
    if found is None:
        raise NotFound
    return found[:limit], len(found) > limit


async def read_version(database: Database, viewer: Viewer, product_id: str, version: int) -> VersionRow:
    """Raises NotFound."""
    if not is_uuid(product_id) or not is_version(version):
        raise NotFound
    row = await database.read_single(store.find_version, viewer.account_id, product_id, version)
    if row is None:
        raise NotFound
    return row
