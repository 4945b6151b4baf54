"""Reads one product."""

from linkxg.catalog.products import store
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.versions.store import Which, find_shown
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid

MAX_VERSION = 2**31 - 1


async def read_product(
    database: Database, viewer: Viewer, product_id: str, which: Which | int = "current"
) -> ProductView:
    """Raises NotFound, also for another account's product, what is no id at all, and a version that there is not."""
    if not is_uuid(product_id) or (isinstance(which, int) and not is_version(which)):
        raise NotFound
    shown = await database.read_single(find_shown, viewer.account_id, product_id, which)
    if shown is None:
        raise NotFound
    return shown


def is_version(number: int) -> bool:
    """Whether `number` can be one of a version; larger ones would not even fit into the database."""
    return 0 < number <= MAX_VERSION


async def find_by_sku(database: Database, viewer: Viewer, sku: str) -> str:
    """The product's id. Raises NotFound."""
    return _found(await database.read_single(store.find_id_by_sku, viewer.account_id, sku))


async def find_by_gtin(database: Database, viewer: Viewer, gtin14: str) -> str:
    """The id of the product that has this GTIN; of archived ones the newest. Raises NotFound."""
    return _found(await database.read_single(store.find_id_by_gtin, viewer.account_id, gtin14))


def _found(product_id: str | None) -> str:
    if product_id is None:
        raise NotFound
    return product_id
