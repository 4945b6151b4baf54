"""Finds a product by what a person types: its SKU, its GTIN, or its id."""

from linkxg.catalog.identifiers.gtin import NotAGtin, read_gtin
from linkxg.catalog.identifiers.read_typed import typed_gtin
from linkxg.catalog.products.model import ProductView
from linkxg.catalog.products.read_product import find_by_gtin, find_by_sku, read_product
from linkxg.catalog.products.viewer import Viewer
from linkxg.db import Database
from linkxg.errors import NotFound


async def look_up_product(database: Database, viewer: Viewer, text: str) -> ProductView | None:
    """The product with exactly this SKU, GTIN or id."""
    try:
        product_id = await find_by_sku(database, viewer, text)
    except NotFound:
        try:
            product_id = await find_by_gtin(database, viewer, read_gtin(typed_gtin(text)).digits14)
        except (NotAGtin, NotFound):
            product_id = text
    try:
        return await read_product(database, viewer, product_id)
    except NotFound:
        return None
