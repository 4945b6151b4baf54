"""Reads one product."""

from linkxg.catalog.products import store
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.versions.store import VersionSelector, find_product_view
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid

MAX_VERSION = 2**31 - 1


async def read_product(
    database: Database, viewer: Viewer, product_id: str, version: VersionSelector | int = "current"
) -> ProductView:
    """Raises NotFound, also for a product of another account, an invalid id and a missing version."""
    if not is_uuid(product_id) or (isinstance(version, int) and not is_version(version)):
        raise NotFound
    shown = await database.read_single(find_product_view, viewer.account_id, product_id, version)
    if shown is None:
        raise NotFound
    return shown


def is_version(number: int) -> bool:
    """Whether it fits the column: a larger number would be a database error."""
    return 0 < number <= MAX_VERSION


async def find_by_sku(database: Database, viewer: Viewer, sku: str) -> str:
    """The id of the product. Raises NotFound."""
    return _found(await database.read_single(store.find_id_by_sku, viewer.account_id, sku))


async def find_by_gtin(database: Database, viewer: Viewer, gtin14: str) -> str:
    """The id of the product with this GTIN, or else of the newest archived one. Raises NotFound."""
    return _found(await database.read_single(store.find_id_by_gtin, viewer.account_id, gtin14))


def _found(product_id: str | None) -> str:
    if product_id is None:
        raise NotFound
    return product_id
