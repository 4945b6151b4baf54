"""How is one product read, and how does a row become a product?"""

import msgspec

from linkxg.clock import rfc3339
from linkxg.db import Database
from linkxg.errors import NotFound
from linkxg.ids import is_uuid
from linkxg.products import store
from linkxg.products.gtin import FORMATS
from linkxg.products.model import Content, Product, ProductRow

read_content = msgspec.json.Decoder(Content).decode


async def read_product(database: Database, account_id: str, product_id: str) -> Product:
    """Raises NotFound, also for another account's product and for what is no id at all."""
    row = await database.read(store.find_product, account_id, product_id) if is_uuid(product_id) else None
    if row is None:
        raise NotFound
    return view(row)


def view(row: ProductRow) -> Product:
    content = read_content(row.content)
    return Product(
        id=row.id,
        sku=row.sku,
        gtin=row.gtin14[-row.gtin_length :] if row.gtin14 and row.gtin_length else None,
        gtin_format=FORMATS[row.gtin_length] if row.gtin_length else None,
        name=content.name,
        description=content.description,
        brand=content.brand,
        category=row.category,
        attributes=content.attributes,
        revision=row.revision,
        created_at=rfc3339(row.created_at),
        updated_at=rfc3339(row.updated_at),
    )
